/** Characters of a command line the table keeps, for the owners and parents of later events. */
export const keptCommandLine = 4096;
/** Processes the table holds; beyond it new ones are reported but not remembered as parents or owners. */
export const maxEntries = 65_536;
/** Ended processes kept for children that are read after their parent has gone. */
const maxEnded = 1024;

/** What a reader found out about one process at one moment. */
export interface ProcessFacts {
  readonly pid: number;
  readonly entityId: string;
  /** Microseconds since the epoch. */
  readonly startAt: number;
  readonly name: string;
  readonly executable?: string | undefined;
  readonly fileDeleted?: boolean | undefined;
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
  readonly containerId?: string | undefined;
}

/** What stays in memory of a process; one object for its whole life, changed in place when it execs. */
export interface ProcessEntry {
  readonly pid: number;
  readonly entityId: string;
  readonly startAt: number;
  name: string;
  executable: string | undefined;
  commandLine: string | undefined;
  /** True when `commandLine` is shorter than the real one. */
  commandLineCut: boolean;
  parentPid: number | undefined;
  /** Undefined once this process has ended, so that chains of the dead are not kept. */
  parent: ProcessEntry | undefined;
  userId: string | undefined;
  userName: string | undefined;
}

export interface ProcessListener {
  /** A process began, or began to run another program. `again` is true for the latter. */
  started(entry: ProcessEntry, facts: ProcessFacts, again: boolean): void;
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
    if (known?.entityId === facts.entityId) return this.#renew(known, facts);
    if (known !== undefined) this.end(facts.pid, at);
    const entry: ProcessEntry = {
      pid: facts.pid,
      entityId: facts.entityId,
      startAt: facts.startAt,
      ...changing(facts),
      parent: facts.parentPid === undefined ? undefined : this.recent(facts.parentPid),
    };
    if (this.#live.size < maxEntries) this.#live.set(facts.pid, entry);
    this.#listener?.started(entry, facts, false);
    return entry;
  }

  /** The process is gone. Unknown pids are ignored. */
  end(pid: number, at: number, exitCode?: number): void {
    const entry = this.#live.get(pid);
    if (entry === undefined) return;
    this.#live.delete(pid);
    this.#listener?.ended(entry, at, exitCode);
    entry.parent = undefined;
    this.#ended.delete(pid);
    this.#ended.set(pid, entry);
    if (this.#ended.size > maxEnded) this.#ended.delete(this.#ended.keys().next().value ?? pid);
  }

  /** Forgets everything without telling the listener, so that the next reading reports all anew. */
  clear(): void {
    this.#live.clear();
    this.#ended.clear();
  }

  #renew(entry: ProcessEntry, facts: ProcessFacts): ProcessEntry {
    const next = changing(facts);
    const changed =
      entry.name !== next.name ||
      entry.executable !== next.executable ||
      entry.commandLine !== next.commandLine;
    Object.assign(entry, next);
    if (changed) this.#listener?.started(entry, facts, true);
    return entry;
  }
}

function changing(facts: ProcessFacts) {
  return {
    name: facts.name,
    executable: facts.executable,
    commandLine: facts.keptCommandLine,
    commandLineCut: facts.keptCommandLine?.length !== facts.commandLine?.length,
    parentPid: facts.parentPid,
    userId: facts.userId,
    userName: facts.userName,
  };
}
