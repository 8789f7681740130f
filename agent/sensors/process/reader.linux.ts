import { readdirSync } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import type { FactsReader } from './facts.linux.ts';
import type { ProcessEntry, ProcessTable } from './table.ts';

/** Scans during which a new process is looked at every time: programs follow soon after forks. */
const youngScans = 10;
/** Older processes are looked at every so many scans, a share of them in each. */
const rotation = 8;
/** New processes read in one scan (about a quarter of a second) after the first; the others wait for the next. */
const maxNewPerScan = 2000;
/** PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h). */
const maxPid = 4 * 1024 * 1024;

/** What the reader remembers of a pid between scans, to see cheaply that its program or its owner changed. */
interface Tracked {
  readonly pid: number;
  readonly bornScan: number;
  readonly kernelThread: boolean;
  startTicks: number;
  argStart: number;
  name: string;
  seenScan: number;
  ended: boolean;
}

/**
 * Keeps a process table from /proc (proc(5)). One scan lists the pids; new ones are read whole, and of known ones
 * the young and an eighth of the others have their stat compared: another start time is another process, another
 * place of the arguments or another name is an exec. Vanishing entries are normal and leave no trace.
 */
export class ProcessReader {
  readonly table: ProcessTable;
  readonly #procRoot: string;
  readonly facts: FactsReader;
  readonly #tracked = new Map<number, Tracked>();
  #scan = 0;
  #scannedAtMs = 0;
  #isPaused = false;

  constructor(procRoot: string, facts: FactsReader, table: ProcessTable) {
    this.#procRoot = procRoot;
    this.facts = facts;
    this.table = table;
  }

  /** Brings the table up to date. Throws when the root cannot be listed. */
  scan(): void {
    const names = readdirSync(this.#procRoot);
    const scan = ++this.#scan;
    this.#scannedAtMs = Date.now();
    const at = this.#scannedAtMs * 1000;
    let room = scan === 1 ? maxPid : maxNewPerScan;
    for (const name of names) {
      const first = name.charCodeAt(0);
      if (first < 0x31 || first > 0x39) continue;
      const pid = Number(name);
      if (!(pid <= maxPid)) continue;
      const tracked = this.#tracked.get(pid);
      if (tracked === undefined) {
        if (room-- > 0) this.#readNew(pid, at);
      } else if (this.#due(tracked)) this.#recheck(tracked, at);
      const now = this.#tracked.get(pid);
      if (now !== undefined) now.seenScan = scan;
    }
    for (const tracked of this.#tracked.values()) {
      if (tracked.seenScan === scan) continue;
      this.#tracked.delete(tracked.pid);
      this.table.end(tracked.pid, at);
    }
  }

  /** Scans unless that was done within `ageMs`. */
  scanIfOlder(ageMs: number): void {
    if (this.#isPaused) return;
    const age = Date.now() - this.#scannedAtMs;
    if (this.#scan === 0 || age >= ageMs || age < 0) this.scan();
  }

  /** Forgets all, so that the next scan reports every process anew. */
  reset(): void {
    this.table.clear();
    this.#tracked.clear();
    this.#scan = 0;
  }

  /** Reads one process now, and gives its entry; undefined when it is gone or cannot be read. */
  observe(pid: number, at = nowUs()): ProcessEntry | undefined {
    if (this.#isPaused) return this.table.get(pid);
    const tracked = this.#tracked.get(pid);
    if (tracked === undefined) this.#readNew(pid, at);
    else this.#recheck(tracked, at, true);
    return this.table.get(pid);
  }

  /** While paused, the table is kept by the kernel's events, and this reads nothing. Begins anew afterwards. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#tracked.clear();
    if (!isPaused) this.#scannedAtMs = 0;
  }

  #due(tracked: Tracked): boolean {
    return this.#scan - tracked.bornScan <= youngScans || (tracked.pid + this.#scan) % rotation === 0;
  }

  #readNew(pid: number, at: number): void {
    const stat = this.facts.stat(pid);
    if (stat === undefined) return;
    const { name, startTicks, argStart, kernelThread, zombie } = stat;
    const bornScan = this.#scan;
    this.#tracked.set(pid, {
      pid,
      bornScan,
      kernelThread,
      startTicks,
      argStart,
      name,
      seenScan: bornScan,
      ended: zombie,
    });
    if (zombie && bornScan <= 1) return;
    if (this.table.recent(stat.parentPid) === undefined && stat.parentPid > 0) {
      // Numbers wrap around: a parent may have a higher one than its child.
      if (!this.#tracked.has(stat.parentPid)) this.#readNew(stat.parentPid, at);
    }
    this.table.put(this.facts.facts(pid, stat), at);
    if (zombie) this.table.end(pid, at);
  }

  /** Compares; reads whole when something changed, or when `whole`. */
  #recheck(tracked: Tracked, at: number, whole = false): void {
    const stat = this.facts.stat(tracked.pid);
    if (stat === undefined) return;
    if (stat.startTicks !== tracked.startTicks) {
      this.#tracked.delete(tracked.pid);
      this.table.end(tracked.pid, at);
      this.#readNew(tracked.pid, at);
      return;
    }
    if (tracked.ended) return;
    if (stat.zombie) {
      tracked.ended = true;
      this.table.end(tracked.pid, at);
      return;
    }
    const execed = stat.argStart !== 0 && stat.argStart !== tracked.argStart;
    if (!whole && (tracked.kernelThread || (!execed && stat.name === tracked.name))) return;
    tracked.argStart = stat.argStart;
    tracked.name = stat.name;
    this.table.put(this.facts.facts(tracked.pid, stat), at);
  }
}
