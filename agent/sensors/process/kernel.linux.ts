import { statSync } from 'node:fs';
import { processEntityId } from '../linux/boot.ts';
import type { LinuxHost } from '../linux/host.ts';
import { fieldsOf } from '../linux/trace/format.ts';
import type { Act, KernelTrace, TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import { probedParts } from '../linux/trace/loader-probe.linux.ts';
import { ExecStorm } from './exec-storm.linux.ts';
import { ExitCodes } from './exit-codes.linux.ts';
import { probedArguments } from './probed-arguments.ts';
import { ProgramPaths } from './program-paths.linux.ts';
import { KeptSurroundings } from './surroundings.linux.ts';
import type { Arguments, Birth, ProcessEntry, ProcessFacts, ProcessTable, Program } from './table.ts';
import { Threads } from './threads.linux.ts';

/** include/uapi/linux/sched.h */
const cloneParent = 0x8000n;
const cloneThread = 0x1_0000n;
/** A program whose arguments are gone from /proc waits so long for those its loader's probe read. */
const waitForArgumentsUs = 50_000;
/** Length of a short name in bytes (TASK_COMM_LEN less the NUL). */
const nameBytes = 15;
/** Paths of programs with a known loader that are remembered, and programs whose loader's record is still to come. */
const maxProbed = 4096;
const maxTold = 256;
/** What the kernel calls a program that was begun through a descriptor (fexecve). */
const fdPrefix = '/dev/fd/';
/** S_ISUID (inode(7)). */
const setUidBit = 0o4000;
/** A process shows its next program so long before the kernel's record of it, which comes when that is loaded. */
const execNs = 10_000_000;
const nsPerTick = 10_000_000;
/** Two records of one exec, by two ways, are nearer to one another than any two execs. */
const sameExecNs = 200_000;

/** A program that was begun, until all that can be known of it is. */
interface Begun {
  readonly timeNs: number;
  readonly path: string;
  /** What /proc had when the record was read; undefined where the kernel's own account of the arguments will do. */
  readonly glimpse:
    | { readonly args: Arguments | undefined; readonly program: Program | undefined }
    | undefined;
  /** When /proc was read: what another program begun before that was of that one. */
  readonly readAtNs: number;
  /** False when another program of the same process was begun before /proc was read. */
  isOwn: boolean;
}

interface Waiting {
  readonly begun: Begun;
  readonly execAt: number;
  readonly entry: ProcessEntry | undefined;
}

/** Keeps the process table from the kernel's own events: every fork, program begun, and end, in their order. */
export class KernelProcesses {
  readonly #host: LinuxHost;
  readonly #trace: KernelTrace;
  readonly #table: ProcessTable;
  readonly threads = new Threads();
  readonly #begun = new Map<number, Begun>();
  readonly #ringing = this.#execs(true);
  readonly #storm: ExecStorm;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exitCodes = new ExitCodes((tid) => this.#table.get(this.processOf(tid))?.pid);
  readonly #surroundings: KeptSurroundings;
  readonly #paths = new ProgramPaths();
  /** Paths whose arguments the kernel read when they were last run. */
  readonly #probed = new Set<string>();
  readonly #toldPaths = new Map<number, string>();
  /** Ends that were read and not acted on yet, by pid: /proc has nothing more of these processes. */
  readonly #endedNs = new Map<number, number>();
  #hasArguments = false;

  constructor(host: LinuxHost, trace: KernelTrace) {
    this.#host = host;
    this.#trace = trace;
    this.#table = host.processes;
    this.#storm = new ExecStorm(trace, this.#ringing, this.#execs(false));
    this.#surroundings = new KeptSurroundings(host, (tid) => this.#table.get(this.processOf(tid)));
  }

  /** Turns the events on. Gives the names of those that this kernel lacks and cannot be done without. */
  start(): string[] {
    const needed = [this.#ringing, this.#forks(), this.#exits()];
    const missing = needed.filter((source) => !this.#trace.add(source)).map((source) => source.event);
    for (const source of this.#exitCodes.sources()) this.#trace.add(source);
    this.probeLoaders();
    this.#surroundings.start(this.#trace);
    return missing;
  }

  /** Lets the kernel read the arguments of programs whose loader is new since the last call. */
  probeLoaders(): void {
    for (const source of this.#loaderStarts()) if (this.#trace.add(source)) this.#hasArguments = true;
  }

  /** True when the kernel itself reads arguments, so that none are missed of programs with a known loader. */
  get readsArguments(): boolean {
    return this.#hasArguments;
  }

  /** The process a thread belongs to; the same number when it is a process or nothing is known of it. */
  processOf(tid: number): number {
    if (this.#table.get(tid) !== undefined) return tid;
    return this.threads.processOf(tid) ?? this.#host.reader.facts.processOf(tid) ?? tid;
  }

  /** Tells of programs that waited long enough for their arguments. Call after each round of records. */
  settle(nowUs: number): void {
    this.#storm.look();
    for (const [pid, { execAt }] of this.#waiting) {
      if (nowUs - execAt < waitForArgumentsUs) return;
      this.#tell(pid);
    }
  }

  #execs(rings: boolean): TraceSource {
    return {
      system: 'sched',
      event: 'sched_process_exec',
      ...(rings && { urgent: true }),
      reader: (format) => {
        const [pidField, pathField, formerField] = fieldsOf(format, 'pid', 'filename', 'old_pid');
        return (record, timeNs) => {
          const pid = record.number(pidField);
          const former = record.number(formerField);
          const path = record.text(pathField);
          if (!rings) this.#storm.passed();
          else if (this.#probed.has(path)) this.#storm.rang(path);
          const begun = this.#look(pid, timeNs, path);
          return (
            begun &&
            ((execAt) => {
              if (former !== pid) this.threads.end(former);
              this.#exec(pid, begun, execAt);
            })
          );
        };
      },
    };
  }

  /**
   * Reads /proc now, while the process lives, unless the kernel reads its arguments anyway. Undefined when this exec was
   * read already.
   */
  #look(pid: number, timeNs: number, path: string): Begun | undefined {
    const { facts } = this.#host.reader;
    const before = this.#begun.get(pid);
    const isKnown = before?.path === path && Math.abs(timeNs - before.timeNs) < sameExecNs;
    if (isKnown) return undefined;
    const glimpse = this.#probed.has(path)
      ? undefined
      : { args: facts.arguments(pid), program: facts.program(pid) };
    const readAtNs = this.#trace.clock.nowNs();
    if (before !== undefined && timeNs > before.timeNs && timeNs <= before.readAtNs + execNs)
      before.isOwn = false;
    const isOwn = before === undefined || timeNs > before.timeNs;
    const begun = { glimpse, timeNs, path, readAtNs, isOwn };
    if (isOwn) this.#begun.set(pid, begun);
    return begun;
  }

  #exec(pid: number, begun: Begun, execAt: number): void {
    if (this.#begun.get(pid) === begun) this.#begun.delete(pid);
    this.#tell(pid);
    this.#waiting.set(pid, { begun, execAt, entry: this.#table.get(pid) });
    const isKnown = begun.isOwn && begun.glimpse?.args !== undefined;
    if (isKnown || !this.#hasArguments) this.#tell(pid);
  }

  /** The kernel read the arguments of a program as it began. */
  #argumentsRead(pid: number, args: Arguments): void {
    const path = this.#waiting.get(pid)?.begun.path ?? this.#toldPaths.get(pid);
    this.#toldPaths.delete(pid);
    if (path !== undefined && this.#probed.size < maxProbed) this.#probed.add(path);
    this.#tell(pid, args);
  }

  /** Tells of the program that waits for its arguments, with those the kernel read if /proc had none. */
  #tell(pid: number, probed?: Arguments): void {
    const waiting = this.#waiting.get(pid);
    if (waiting === undefined) return;
    this.#waiting.delete(pid);
    const { begun, entry, execAt } = waiting;
    const { facts } = this.#host.reader;
    const own = begun.isOwn ? begun.glimpse : undefined;
    if (probed === undefined) {
      this.#probed.delete(begun.path);
      this.#storm.missed(begun.path);
      if (this.#hasArguments) this.#rememberTold(pid, begun.path);
    }
    const hasEnded = (this.#endedNs.get(pid) ?? 0) > begun.timeNs;
    const now = hasEnded ? undefined : facts.circumstances(pid);
    // A process that ended is not asked for more, nor another that has taken its pid.
    const isThere = now?.startTicks !== undefined && now.startTicks * nsPerTick <= begun.timeNs;
    const args = own?.args ?? probed ?? (begun.isOwn && isThere ? facts.arguments(pid) : undefined);
    const shown = own?.program ?? (isThere ? facts.program(pid) : undefined);
    const program = this.#programOf(begun, shown, hasOwnFiles(entry));
    const isByFd = begun.path.startsWith(fdPrefix);
    this.#table.exec(
      {
        ...(isThere ? this.#asOf(now, entry, program) : this.#inherited(pid, begun, entry)),
        name: isByFd ? (isThere ? now.name : nameOf(program.executable ?? '')) : nameOf(begun.path),
        surroundings: isThere ? this.#surroundings.of(pid, entry) : entry?.surroundings,
        ...program,
        ...args,
        hasEnded,
      },
      execAt,
    );
  }

  /** A probe's record comes after that of the program it belongs to: which path it was is remembered until then. */
  #rememberTold(pid: number, path: string): void {
    this.#toldPaths.set(pid, path);
    if (this.#toldPaths.size > maxTold) this.#toldPaths.delete(this.#toldPaths.keys().next().value ?? pid);
  }

  /**
   * The file that runs. What /proc showed of it may be of another program that the process has begun since, or is
   * about to: it is taken only where the path leads to it. Paths of a mount namespace of its own cannot be followed.
   */
  #programOf({ path }: Begun, shown: Program | undefined, isElsewhere: boolean): Program {
    const byPath = isElsewhere ? undefined : this.#paths.programOf(path);
    if (shown !== undefined) {
      const isIt = shown.executable === byPath || baseOf(shown.executable ?? '') === baseOf(path);
      if (isIt || isElsewhere || path.startsWith(fdPrefix) || byPath === undefined) return shown;
    }
    return { executable: byPath ?? (path.startsWith('/') ? path : undefined) };
  }

  /**
   * What /proc shows is of now, and the process may have taken another user since it began the program. Its entry has
   * the user it had then, unless the program itself gives another.
   */
  #asOf(now: ProcessFacts, entry: ProcessEntry | undefined, program: Program): ProcessFacts {
    const isKept = this.#host.kernel?.tellsUsers === true && entry?.userId !== undefined;
    if (!isKept || entry.userId === now.userId || this.#isSetUid(program)) return now;
    const { userId, userName } = entry;
    return { ...now, userId, userName, realUserId: undefined, capabilities: undefined };
  }

  #isSetUid({ executable }: Program): boolean {
    try {
      return executable !== undefined && (statSync(executable).mode & setUidBit) !== 0;
    } catch {
      return false;
    }
  }

  /** What is known of a process that /proc does not show any more: what it had of its parent. */
  #inherited(pid: number, begun: Begun, entry: ProcessEntry | undefined): ProcessFacts {
    return {
      ...(entry ?? this.#birth(pid, this.#instant(begun.timeNs), begun.timeNs)),
      name: '',
      executable: undefined,
      commandLine: undefined,
      commandLineCut: undefined,
    };
  }

  #birth(pid: number, startAt: number, timeNs: number): Birth {
    const startTicks = Math.floor(timeNs / nsPerTick);
    return { pid, startAt, startTicks, entityId: processEntityId(this.#host.boot.id, pid, startTicks) };
  }

  #forks(): TraceSource {
    return {
      system: 'task',
      event: 'task_newtask',
      reader: (format) => {
        const [pidField, flagsField, creatorField] = fieldsOf(format, 'pid', 'clone_flags', 'common_pid');
        return (record) => {
          const pid = record.number(pidField);
          const flags = record.bits(flagsField);
          const creator = record.number(creatorField);
          return (timeUs, timeNs) => this.#forked(pid, creator, flags, timeUs, timeNs);
        };
      },
    };
  }

  #forked(pid: number, creator: number, flags: bigint, timeUs: number, timeNs: number): void {
    const creatorPid = this.processOf(creator);
    if ((flags & cloneThread) !== 0n) {
      this.threads.add(pid, creatorPid);
      return;
    }
    this.#tell(creatorPid);
    const creating = this.#table.get(creatorPid);
    const parent = (flags & cloneParent) === 0n ? creating : creating?.parent;
    const entry = this.#table.fork(this.#birth(pid, timeUs, timeNs), parent);
    this.#surroundings.forked(entry, flags);
  }

  #exits(): TraceSource {
    return {
      system: 'sched',
      event: 'sched_process_exit',
      reader: (format) => {
        const [tidField] = fieldsOf(format, 'pid');
        // Since Linux 6.16; before that the end of the first thread is taken for that of the process.
        const lastField = format.fields.get('group_dead');
        return (record, endedNs) => {
          const tid = record.number(tidField);
          const isLast = lastField === undefined ? undefined : record.number(lastField) !== 0;
          if (isLast) this.#endedNs.set(tid, endedNs);
          return (timeUs) => {
            this.#exited(tid, isLast, timeUs);
            if (this.#endedNs.get(tid) === endedNs) this.#endedNs.delete(tid);
          };
        };
      },
    };
  }

  #exited(tid: number, isLast: boolean | undefined, timeUs: number): void {
    const ofThread = this.threads.end(tid);
    if (isLast === false || (isLast === undefined && ofThread !== undefined)) return;
    const pid = ofThread ?? tid;
    this.#tell(pid);
    this.#table.end(pid, timeUs, this.#exitCodes.take(pid));
  }

  #loaderStarts(): TraceSource[] {
    return this.#trace.probeLoaders().map(({ system, event }) => ({
      system,
      event,
      reader: (format) => {
        const [tidField, countField] = fieldsOf(format, 'common_pid', 'argc');
        const parts = fieldsOf(format, ...probedParts);
        return (record): Act => {
          const tid = record.number(tidField);
          const args = probedArguments(record, record.number(countField), parts);
          return () => this.#argumentsRead(tid, args);
        };
      },
    }));
  }

  #instant(timeNs: number): number {
    return Math.round((timeNs + this.#trace.clock.offsetNs()) / 1000);
  }
}

/** Whether the process has a mount namespace of its own. */
function hasOwnFiles(entry: ProcessEntry | undefined): boolean {
  return entry?.surroundings?.namespaces?.some((name) => name.startsWith('mnt:')) === true;
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The short name the kernel gives a process that runs this path: the first bytes of its last part. */
function nameOf(path: string): string {
  const base = baseOf(path);
  return Buffer.byteLength(base) <= nameBytes ? base : Buffer.from(base).toString('utf8', 0, nameBytes);
}
