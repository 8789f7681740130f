/** Characters of a command line the table keeps, for the owners and parents of later events. */
export const keptCommandLine = 4096;
/** Processes the table holds; beyond it new ones are reported but not remembered as parents or owners. */
export const maxEntries = 65_536;
/** Ended processes kept for children that are read after their parent has gone. */
const maxEnded = 1024;
/** Ancestors that have ended and are still known as such: a chain of daemons that fork on for ever has no end. */
const maxDeadAncestors = 8;
/** Ticks by which two accounts of one start may differ: it is rounded, and told a moment later than it was. */
const sameStartTicks = 1;

/** What a process has of its parent and seldom changes; one object for all that share it. */
export interface Surroundings {
  readonly auditUserId?: string | undefined;
  readonly auditUserName?: string | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly cgroup?: string | undefined;
  readonly containerId?: string | undefined;
}

/** Who a process is. */
export type Birth = Pick<ProcessFacts, 'pid' | 'entityId' | 'startAt' | 'startTicks'>;

/** What a reader found out about one process at one moment. */
export interface ProcessFacts {
  readonly pid: number;
  readonly entityId: string;
  /** Microseconds since the epoch. */
  readonly startAt: number;
  /** The same in clock ticks since boot, where the system tells: these do not move when the clock is set. */
  readonly startTicks?: number | undefined;
  readonly name: string;
  readonly executable?: string | undefined;
  readonly fileDeleted?: boolean | undefined;
  readonly fileless?: boolean | undefined;
  readonly commandLine?: string | undefined;
  /** The first `keptCommandLine` characters, not sharing memory with the whole. */
  readonly keptCommandLine?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly parentPid?: number | undefined;
  readonly sessionId?: number | undefined;
  readonly tty?: string | undefined;
  readonly userId?: string | undefined;
  readonly userName?: string | undefined;
  readonly realUserId?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly surroundings?: Surroundings | undefined;
  readonly argumentCount?: number | undefined;
  /** The command line is known in part only. */
  readonly commandLineCut?: boolean | undefined;
  readonly sha256?: string | undefined;
  readonly kernelThread?: boolean | undefined;
  /** It is known to be gone: nothing more can be read of it. */
  readonly hasEnded?: boolean | undefined;
}

export type Arguments = Pick<
  ProcessFacts,
  'commandLine' | 'keptCommandLine' | 'argumentCount' | 'commandLineCut'
>;
export type Program = Pick<ProcessFacts, 'executable' | 'fileDeleted' | 'fileless'>;

/** What stays in memory of a process; one object for its whole life, changed in place when it execs. */
export interface ProcessEntry {
  readonly pid: number;
  readonly entityId: string;
  readonly startAt: number;
  readonly startTicks: number | undefined;
  name: string;
  executable: string | undefined;
  commandLine: string | undefined;
  /** True when `commandLine` is shorter than the real one. */
  commandLineCut: boolean;
  parentPid: number | undefined;
  parent: ProcessEntry | undefined;
  userId: string | undefined;
  userName: string | undefined;
  sessionId: number | undefined;
  tty: string | undefined;
  /** Undefined when they must be read again. */
  surroundings: Surroundings | undefined;
  readonly kernelThread: boolean;
  /** It split off from its parent, runs no program of its own, and nobody was told of it yet. */
  untold: boolean;
}

export interface ProcessListener {
  /**
   * A process began, or began to run another program: `again` is true for the latter. `execAt` is when it ran the
   * program (µs since the epoch), where the kernel told; sampling does not know.
   */
  started(entry: ProcessEntry, facts: ProcessFacts, again: boolean, execAt?: number): void;
  /** A process that runs its parent's program showed to be more than the first half of a fork and exec. */
  forked?(entry: ProcessEntry): void;
  /** `endAt` in microseconds since the epoch. */
  ended(entry: ProcessEntry, endAt: number, exitCode?: number): void;
}

/**
 * The processes of the host as far as known, kept by a reader (sampling or kernel events), asked by every sensor
 * that names the owner of something. At most one listener: the process sensor.
 */
export class ProcessTable {
  readonly #live = new Map<number, ProcessEntry>();
  readonly #ended = new Map<number, ProcessEntry>();
  #listener: ProcessListener | undefined;
  /** Processes that were told of and not remembered, for want of room. */
  unremembered = 0;

  listen(listener: ProcessListener | undefined): void {
    this.#listener = listener;
  }

  get size(): number {
    return this.#live.size;
  }

  get(pid: number): ProcessEntry | undefined {
    return this.#live.get(pid);
  }

  /** A live process, or one that ended lately. */
  recent(pid: number): ProcessEntry | undefined {
    return this.#live.get(pid) ?? this.#ended.get(pid);
  }

  entries(): IterableIterator<ProcessEntry> {
    return this.#live.values();
  }

  /**
   * Takes what was read of a process. Tells the listener when it is new, when its program (name, file or
   * arguments) changed, or when another process has taken the pid (the former is then ended at `at`).
   */
  put(facts: ProcessFacts, at: number): ProcessEntry {
    const known = this.#live.get(facts.pid);
    if (known !== undefined && this.#isSame(facts)) return this.#renew(known, facts);
    this.end(facts.pid, at);
    const entry = this.#add(facts, facts.parentPid === undefined ? undefined : this.recent(facts.parentPid));
    this.#listener?.started(entry, facts, false);
    return entry;
  }

  /**
   * The kernel told of a new process, which runs its parent's program so far. Nobody is told before it shows to be
   * more than that.
   */
  fork(born: Birth, parent: ProcessEntry | undefined): ProcessEntry {
    const { pid, startAt } = born;
    const known = this.#live.get(pid);
    if (known !== undefined && this.#isSame(born)) return known;
    this.end(pid, startAt);
    if (parent !== undefined) this.tell(parent);
    const facts: ProcessFacts = {
      ...born,
      name: parent?.name ?? '',
      executable: parent?.executable,
      commandLine: parent?.commandLine,
      keptCommandLine: parent?.commandLine,
      commandLineCut: parent?.commandLineCut,
      parentPid: parent?.pid,
      userId: parent?.userId,
      userName: parent?.userName,
      sessionId: parent?.sessionId,
      tty: parent?.tty,
      surroundings: parent?.surroundings,
      kernelThread: parent?.kernelThread,
    };
    const entry = this.#add(facts, parent);
    entry.untold = !entry.kernelThread;
    return entry;
  }

  /** Tells of a process that only split off so far; of others that was done. */
  tell(entry: ProcessEntry): void {
    if (!entry.untold) return;
    entry.untold = false;
    this.#listener?.forked?.(entry);
  }

  /** The kernel told that a process runs another program since `execAt`. */
  exec(facts: ProcessFacts, execAt: number): ProcessEntry {
    const known = this.#isSame(facts) ? this.#live.get(facts.pid) : undefined;
    if (known === undefined) this.end(facts.pid, facts.startAt);
    const entry =
      known ?? this.#add(facts, facts.parentPid === undefined ? undefined : this.recent(facts.parentPid));
    const again = known !== undefined && !known.untold;
    entry.untold = false;
    if (entry.parent !== undefined) this.tell(entry.parent);
    if (known !== undefined) renew(entry, facts);
    this.#listener?.started(entry, facts, again, execAt);
    return entry;
  }

  /** The process is gone. Unknown pids are ignored. */
  end(pid: number, at: number, exitCode?: number): void {
    const entry = this.#live.get(pid);
    if (entry === undefined) return;
    this.tell(entry);
    this.#live.delete(pid);
    this.#listener?.ended(entry, at, exitCode);
    this.#cutChain(entry);
    this.#ended.delete(pid);
    this.#ended.set(pid, entry);
    if (this.#ended.size > maxEnded) this.#ended.delete(this.#ended.keys().next().value ?? pid);
  }

  /** Forgets everything without telling the listener, so that the next reading reports all anew. */
  clear(): void {
    this.#live.clear();
    this.#ended.clear();
  }

  /** Whether the live process of this pid is the one meant, by its start. */
  #isSame({ pid, entityId, startTicks }: Birth): boolean {
    const known = this.#live.get(pid);
    if (known === undefined) return false;
    return startTicks === undefined || known.startTicks === undefined
      ? known.entityId === entityId
      : Math.abs(known.startTicks - startTicks) <= sameStartTicks;
  }

  #add(facts: ProcessFacts, parent: ProcessEntry | undefined): ProcessEntry {
    const entry: ProcessEntry = {
      pid: facts.pid,
      entityId: facts.entityId,
      startAt: facts.startAt,
      startTicks: facts.startTicks,
      name: facts.name,
      executable: facts.executable,
      commandLine: facts.keptCommandLine,
      commandLineCut: isCut(facts),
      parentPid: facts.parentPid,
      parent,
      userId: facts.userId,
      userName: facts.userName,
      sessionId: facts.sessionId,
      tty: facts.tty,
      surroundings: facts.surroundings,
      kernelThread: facts.kernelThread === true,
      untold: false,
    };
    if (this.#live.size < maxEntries) this.#live.set(facts.pid, entry);
    else this.unremembered++;
    return entry;
  }

  #cutChain(entry: ProcessEntry): void {
    let last: ProcessEntry | undefined = entry;
    for (let i = 0; i < maxDeadAncestors && last !== undefined; i++) {
      last =
        last.parent !== undefined && this.#live.get(last.parent.pid) !== last.parent
          ? last.parent
          : undefined;
    }
    if (last !== undefined) last.parent = undefined;
  }

  #renew(entry: ProcessEntry, facts: ProcessFacts): ProcessEntry {
    const changed =
      entry.name !== facts.name ||
      entry.executable !== facts.executable ||
      entry.commandLine !== facts.keptCommandLine;
    renew(entry, facts);
    if (changed) this.#listener?.started(entry, facts, true);
    return entry;
  }
}

/** Gives the entry what may have changed in the life of a process. */
function renew(entry: ProcessEntry, facts: ProcessFacts): void {
  entry.name = facts.name;
  entry.executable = facts.executable;
  entry.commandLine = facts.keptCommandLine;
  entry.commandLineCut = isCut(facts);
  entry.parentPid = facts.parentPid;
  entry.userId = facts.userId;
  entry.userName = facts.userName;
  entry.sessionId = facts.sessionId;
  entry.tty = facts.tty;
  entry.surroundings = facts.surroundings;
}

function isCut({ commandLineCut, keptCommandLine: kept, commandLine }: ProcessFacts): boolean {
  return commandLineCut === true || kept?.length !== commandLine?.length;
}
