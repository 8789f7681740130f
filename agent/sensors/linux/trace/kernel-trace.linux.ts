import { closeSync, readSync } from 'node:fs';
import { untilBeat } from '../../../beat.ts';
import { withoutStack } from '../without-stack.ts';
import { TraceClock } from './clock.linux.ts';
import { canWait, whenReadable } from './doorbell.linux.ts';
import { type TraceFormat, TraceRecord } from './format.ts';
import { type BufferStats, findTracefs, TraceInstance } from './instance.linux.ts';
import { LoaderProbes } from './loader-probe.linux.ts';
import { readPage } from './page.ts';

/** What a record makes its source do, once everything before it has been done. `timeUs` is since the Unix epoch. */
export type Act = (timeUs: number, timeNs: number) => void;

/** One event of the kernel that a sensor wants. */
export interface TraceSource {
  readonly system: string;
  readonly event: string;
  /** Condition on the event's fields that the kernel checks (Documentation/trace/events.rst). */
  readonly filter?: string;
  /** Read the moment it happens, for sources that must look at the process while it lives. Others wait `drainMs`. */
  readonly urgent?: true;
  /**
   * Given the form of the records, gives what reads one: at once, in no order between processors. What it returns
   * is called later, in the order of the trace clock over all sources.
   */
  reader(format: TraceFormat): (record: TraceRecord, timeNs: number) => Act | undefined;
}

export interface KernelTraceOptions {
  /** Name of the instance; two processes cannot have one of the same name. */
  readonly name: string;
  /** Room for records that wait to be read, in KiB over all processors. */
  readonly bufferKib: number;
  /** Whether the kernel shall read the arguments of new programs. */
  readonly probes: boolean;
  /** Records were lost: how many, and between which instants (µs since the epoch). */
  readonly onLost: (count: number, fromUs: number, toUs: number) => void;
  /** Somebody else turned the trace off or took it away. */
  readonly onBroken: (reason: string) => void;
  /** A source failed on one record; the others go on. */
  readonly onError: (error: unknown) => void;
}

/** Longest that a record which is not urgent waits. */
const drainMs = 100;
/** The same while nothing happens: hosts are idle most of the time. */
const idleDrainMs = 250;
/** The urgent come in bursts: the first of them waits so long for what belongs to it. */
const gatherMs = 30;
/** In a storm of programs that need not ring. */
const hurriedMs = 60;
/** Time between looks at what the kernel lost and what its clock says. */
const checkMs = 5000;
/**
 * Where a process must be looked at while it lives, other work is interrupted so often for the urgent records: the
 * shortest programs live for half a millisecond.
 */
const glanceMs = 0.25;
/** On hosts with many processors a glance is dear: the time between two is at least so many times what one takes. */
const glanceRest = 15;
/** Every so many of these looks it is asked which events are on: the kernel goes through all it has to tell. */
const setLooks = 6;
/** Pages of one processor that are read in one go before others get their turn. */
const pagesPerTurn = 256;
/** The urgent records need little room: they are read as they come. */
const bellShare = 4;
const leastKibPerCpu = 64;
const maxKibPerCpu = 4096;

interface Pending {
  readonly timeNs: number;
  readonly act: Act;
}

type Reader = (record: TraceRecord, timeNs: number) => Act | undefined;

/**
 * The kernel's own account of what happens, as records of trace events, without native code. Two instances: records
 * of the one ring a bell and are read at once; those of the other are collected a few times a second, so that a busy
 * host does not wake the agent for each. Records of both, and of all processors, are acted on in one order.
 */
export class KernelTrace {
  readonly #options: KernelTraceOptions;
  readonly clock = new TraceClock();
  readonly #record = new TraceRecord();
  readonly #readers = { bell: new Map<number, Reader>(), rest: new Map<number, Reader>() };
  #probes: LoaderProbes | undefined;
  #bell: TraceInstance | undefined;
  #rest: TraceInstance | undefined;
  #bellPages: number[] = [];
  #restPages: number[] = [];
  #closers: (() => void)[] = [];
  #buffer = Buffer.alloc(0);
  #pending: Pending[] = [];
  readonly #afterRound = new Set<(nowUs: number) => void>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #isHurried = false;
  /** Whether urgent records are read in the midst of other work. */
  #isPrompt = false;
  #glanceAtMs = 0;
  /** Time of the record read last. */
  #lastNs = 0;
  #busyMs = 0;
  #lost = 0;
  #checkedAtMs = 0;
  #checkedAtUs = 0;
  #checks = 0;
  /** Records read since the start. */
  records = 0;
  /** Microseconds spent reading records and acting on them. */
  get cpuUs(): number {
    return Math.round(this.#busyMs * 1000);
  }

  /** Records the kernel lost since the start. */
  get lost(): number {
    return this.#lost;
  }

  constructor(options: KernelTraceOptions) {
    this.#options = options;
  }

  /** Resolves to nothing once the instances stand, else to the reason in words. Throws `agent.already_running`. */
  async open(): Promise<string | undefined> {
    if (!canWait()) return 'this Node cannot wait for trace pages';
    const found = await findTracefs();
    if ('reason' in found) return found.reason;
    const { name, bufferKib } = this.#options;
    try {
      this.#rest = TraceInstance.make(found.root, name);
      this.#bell = TraceInstance.make(found.root, `${name}-exec`);
      this.#restPages = this.#rest.openPages();
      this.#bellPages = this.#bell.openPages();
      const perCpu = Math.max(leastKibPerCpu, Math.min(maxKibPerCpu, bufferKib / this.#restPages.length));
      this.#rest.resize(Math.floor(perCpu));
      this.#bell.resize(Math.max(leastKibPerCpu, Math.floor(perCpu / bellShare)));
      this.#buffer = Buffer.allocUnsafeSlow(this.#rest.layout.sizeBytes);
      this.#probes = new LoaderProbes(found.root, name);
      this.#probes.remove();
      this.#listen(this.#bell);
      this.#check();
    } catch (error) {
      this.close();
      if ((error as { code?: string }).code === 'agent.already_running') throw error;
      return `trace events cannot be had: ${(error as Error).message}`;
    }
    this.#collect(drainMs);
    return undefined;
  }

  /**
   * Lets the kernel read the arguments of new programs. Gives the events that tell of them, each time those that are
   * new since the last: a loader may be replaced. None where the kernel cannot or shall not.
   */
  probeLoaders(): readonly { readonly system: string; readonly event: string }[] {
    const probes = this.#options.probes ? this.#probes : undefined;
    return probes?.define().map((event) => ({ system: probes.group, event })) ?? [];
  }

  /** Turns the event on. False when this kernel does not have it. */
  add(source: TraceSource): boolean {
    const [instance, readers] = this.#sideOf(source);
    const { system, event, filter } = source;
    const format = instance?.enable(system, event, filter);
    if (format === undefined) return false;
    try {
      readers.set(format.id, source.reader(format));
      return true;
    } catch {
      // It has other fields than those it is known by.
      instance?.disable(system, event);
      return false;
    }
  }

  /** Turns an event off that was turned on. Never throws: where the trace is gone, so is the event. */
  drop(source: TraceSource): void {
    try {
      this.#sideOf(source)[0]?.disable(source.system, source.event);
    } catch {
      // Taken away by somebody else, which the next check finds.
    }
  }

  /** Gives an event that is on another filter, or none. False when the kernel refuses. */
  refilter(source: TraceSource, filter: string | undefined): boolean {
    return this.#sideOf(source)[0]?.refilter(source.system, source.event, filter) === true;
  }

  /** Whether what is not urgent is collected about as soon as what is, from now on. */
  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried;
  }

  /** Whether urgent records are read in the midst of other work too, from now on. */
  bePrompt(isPrompt: boolean): void {
    this.#isPrompt = isPrompt;
  }

  /** Calls the function after each round of records, until the trace is closed or the function it gives is called. */
  afterRound(round: (nowUs: number) => void): () => void {
    this.#afterRound.add(round);
    return () => this.#afterRound.delete(round);
  }

  /**
   * Reads and acts on everything that happened until now, as far as one turn goes; as `collected`, where nothing was
   * collected, without what is urgent, which rings by itself.
   */
  drain(extent: 'all' | 'collected' = 'all'): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#rest === undefined || this.#bell === undefined) return;
    const beganMs = performance.now();
    const nowNs = this.clock.nowNs();
    // In this order: whatever comes before a record of the first is in the second by then.
    const restNs = this.#readAll(this.#restPages, this.#readers.rest, this.#rest);
    const isAsked = extent === 'all' || this.#pending.length > 0;
    const bellNs = isAsked ? this.#readAll(this.#bellPages, this.#readers.bell, this.#bell) : Infinity;
    const behindNs = Math.min(restNs, bellNs);
    this.#actUntil(Math.min(nowNs, behindNs));
    if (behindNs < Infinity) this.#soon = setTimeout(() => this.drain(), 0);
    else if (Math.abs(Date.now() - this.#checkedAtMs) >= checkMs) this.#check();
    this.#busyMs += performance.now() - beganMs;
  }

  /** Removes both instances. May be called more than once. */
  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
    for (const close of this.#closers) close();
    for (const fd of this.#restPages) closeSync(fd);
    this.#closers = [];
    this.#restPages = [];
    this.#bellPages = [];
    this.#rest?.remove();
    const bell = this.#bell;
    this.#rest = undefined;
    this.#bell = undefined;
    bell?.remove();
    this.#probes?.remove();
    this.#pending = [];
    this.#afterRound.clear();
  }

  #sideOf(source: TraceSource) {
    const readers = this.#readers;
    return source.urgent ? ([this.#bell, readers.bell] as const) : ([this.#rest, readers.rest] as const);
  }

  #listen(bell: TraceInstance): void {
    const { layout } = bell;
    // One more page of room than a read can give: a read that fills its buffer would be tried again at once.
    const shared = Buffer.allocUnsafeSlow(layout.sizeBytes * 2);
    for (const fd of this.#bellPages) {
      const take = (length: number) => {
        const beganMs = performance.now();
        this.#parse(shared, length, this.#readers.bell, bell);
        this.#soon ??= setTimeout(() => this.drain(), gatherMs);
        this.#busyMs += performance.now() - beganMs;
      };
      this.#closers.push(whenReadable(fd, shared, take));
    }
  }

  /** Collects what is not urgent again and again, less often while there is none. */
  #collect(waitMs: number): void {
    this.#timer = setTimeout(() => {
      const before = this.records;
      this.drain('collected');
      if (this.#rest === undefined) return;
      const usualMs = this.records === before ? idleDrainMs : drainMs;
      this.#collect(this.#isHurried ? hurriedMs : usualMs);
    }, untilBeat(waitMs));
  }

  /**
   * Reads every processor's pages dry. Where one had more than its turn, gives the time up to which all are known;
   * else infinity.
   */
  #readAll(fds: readonly number[], readers: ReadonlyMap<number, Reader>, instance: TraceInstance): number {
    let knownNs = Infinity;
    for (const fd of fds) {
      let pages = 0;
      let knownUntilNs = 0;
      while (pages < pagesPerTurn && this.#readOne(fd, readers, instance)) {
        pages++;
        knownUntilNs = this.#lastNs;
        this.#glance();
      }
      if (pages === pagesPerTurn) knownNs = Math.min(knownNs, knownUntilNs);
    }
    return knownNs;
  }

  /** Reads urgent records if it is time, so that their processes are looked at before the work at hand goes on. */
  #glance(): void {
    if (!this.#isPrompt || this.#bell === undefined) return;
    const beganMs = performance.now();
    if (beganMs < this.#glanceAtMs) return;
    for (const fd of this.#bellPages) this.#readOne(fd, this.#readers.bell, this.#bell);
    const endedMs = performance.now();
    this.#glanceAtMs = endedMs + Math.max(glanceMs, (endedMs - beganMs) * glanceRest);
  }

  /** Reads one page; true when another may follow. */
  #readOne(fd: number, readers: ReadonlyMap<number, Reader>, instance: TraceInstance): boolean {
    const length = readNow(fd, this.#buffer);
    if (length > 0) this.#parse(this.#buffer, length, readers, instance);
    return length > 0;
  }

  #parse(
    buffer: Buffer,
    length: number,
    readers: ReadonlyMap<number, Reader>,
    instance: TraceInstance,
  ): void {
    const take = (timeNs: number, start: number, bytes: number) => {
      if (bytes < 8) return;
      const read = readers.get(buffer.readUInt16LE(start));
      if (read === undefined) return;
      this.records++;
      this.#lastNs = timeNs;
      this.#record.move(buffer, start, bytes);
      try {
        const act = read(this.#record, timeNs);
        if (act !== undefined) this.#pending.push({ timeNs, act });
      } catch (error) {
        this.#options.onError(error);
      }
    };
    if (readPage(buffer, 0, length, instance.layout, take)) this.#checkedAtMs = 0;
  }

  #actUntil(untilNs: number): void {
    const pending = this.#pending.sort((a, b) => a.timeNs - b.timeNs);
    // What is read meanwhile is later than all that is acted on now.
    this.#pending = [];
    let done = 0;
    const offsetNs = this.clock.offsetNs();
    for (const { timeNs, act } of pending) {
      if (timeNs > untilNs) break;
      done++;
      try {
        act(Math.round((timeNs + offsetNs) / 1000), timeNs);
      } catch (error) {
        this.#options.onError(error);
      }
      this.#glance();
    }
    this.#pending = pending.slice(done).concat(this.#pending);
    const nowUs = Math.round((this.clock.nowNs() + offsetNs) / 1000);
    for (const round of this.#afterRound) {
      try {
        round(nowUs);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  /** Sets the clock, and tells what the kernel lost since the last look. */
  #check(): void {
    this.#checkedAtMs = Date.now();
    const fromUs = this.#checkedAtUs;
    if (this.#rest === undefined || this.#bell === undefined) return;
    const seen = lookAt(this.#rest, this.#bell, this.#checks++ % setLooks === 0);
    if ('broken' in seen) {
      this.#options.onBroken(seen.broken);
      return;
    }
    const { rest, bell } = seen;
    this.clock.set(bell.nowNs);
    this.#checkedAtUs = Math.round((this.clock.nowNs() + this.clock.offsetNs()) / 1000);
    const lost = rest.lost + bell.lost;
    const count = lost - this.#lost;
    this.#lost = lost;
    if (count > 0) this.#options.onLost(count, fromUs, this.#checkedAtUs);
  }
}

/** What the kernel says of both instances, or why they are of no use any more. */
function lookAt(
  rest: TraceInstance,
  bell: TraceInstance,
  withEvents: boolean,
): { readonly rest: BufferStats; readonly bell: BufferStats } | { readonly broken: string } {
  try {
    if (!rest.isOn(withEvents) || !bell.isOn(withEvents))
      return { broken: 'somebody else turned its trace off' };
    return { rest: rest.stats(), bell: bell.stats() };
  } catch (error) {
    return { broken: `its trace cannot be read any more: ${(error as Error).message}` };
  }
}

/** Reads without waiting; -1 when there is nothing. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return withoutStack(() => readSync(fd, buffer, 0, buffer.length, null));
  } catch {
    return -1;
  }
}
