import { readdirSync, readlinkSync } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import { type Boot, instantOfTicks, processEntityId } from '../linux/boot.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { UserNames } from '../linux/user-names.ts';
import { containerOf, type ProcessStat, parseStat, terminalName } from './stat.linux.ts';
import { keptCommandLine, type ProcessEntry, type ProcessFacts, type ProcessTable } from './table.ts';

/** Room for the longest command line an event holds (32,768 UTF-16 units) whatever its script, and one more. */
const bufferBytes = 128 * 1024;
/** Scans during which a new process is looked at every time: programs follow soon after forks. */
const youngScans = 10;
/** Older processes are looked at every so many scans, a share of them in each. */
const rotation = 8;
/** New processes read in one scan (about a quarter of a second) after the first; the others wait for the next. */
const maxNewPerScan = 2000;
/** PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h). */
const maxPid = 4 * 1024 * 1024;
const deletedSuffix = ' (deleted)';

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
 *
 * Kernel events push into the same table through `observe` and `exited`.
 */
export class ProcessReader {
  readonly table: ProcessTable;
  readonly #procRoot: string;
  readonly #boot: Boot;
  readonly #users: UserNames;
  readonly #tracked = new Map<number, Tracked>();
  readonly #file = new BoundedFile(bufferBytes);
  #scan = 0;
  #scannedAtMs = 0;
  /** True once a program file could not be read for want of a right. */
  denied = false;

  constructor(procRoot: string, boot: Boot, users: UserNames, table: ProcessTable) {
    this.#procRoot = procRoot;
    this.#boot = boot;
    this.#users = users;
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
    const tracked = this.#tracked.get(pid);
    if (tracked === undefined) this.#readNew(pid, at);
    else this.#recheck(tracked, at, true);
    return this.table.get(pid);
  }

  /** The source of kernel events saw it end. */
  exited(pid: number, at: number, exitCode?: number): void {
    this.#tracked.delete(pid);
    this.table.end(pid, at, exitCode);
  }

  /** Pids that run a program of user space, as of the last scan. */
  *userPids(): IterableIterator<number> {
    for (const tracked of this.#tracked.values()) {
      if (!tracked.kernelThread && !tracked.ended) yield tracked.pid;
    }
  }

  #due(tracked: Tracked): boolean {
    return this.#scan - tracked.bornScan <= youngScans || (tracked.pid + this.#scan) % rotation === 0;
  }

  #stat(pid: number): ProcessStat | undefined {
    const length = this.#file.readOnce(`${this.#procRoot}/${pid}/stat`);
    return length <= 0 ? undefined : parseStat(this.#file.buffer, length);
  }

  #readNew(pid: number, at: number): void {
    const stat = this.#stat(pid);
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
    if (this.table.recent(stat.parentPid) === undefined && stat.parentPid > 0 && stat.parentPid < pid) {
      if (!this.#tracked.has(stat.parentPid)) this.#readNew(stat.parentPid, at);
    }
    this.table.put(this.#facts(pid, stat), at);
    if (zombie) this.table.end(pid, at);
  }

  /** Compares; reads whole when something changed, or when `whole`. */
  #recheck(tracked: Tracked, at: number, whole = false): void {
    const stat = this.#stat(tracked.pid);
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
    this.table.put(this.#facts(tracked.pid, stat), at);
  }

  #facts(pid: number, stat: ProcessStat): ProcessFacts {
    const folder = `${this.#procRoot}/${pid}`;
    const user = stat.kernelThread ? { real: '0', effective: '0' } : this.#userIds(folder);
    const base = {
      pid,
      entityId: processEntityId(this.#boot.id, pid, stat.startTicks),
      startAt: instantOfTicks(this.#boot, stat.startTicks),
      name: stat.name,
      parentPid: stat.parentPid,
      sessionId: stat.sessionId,
      tty: terminalName(stat.ttyNumber),
      userId: user?.effective,
      userName: this.#users.nameOf(user?.effective),
      realUserId: user?.real,
    };
    if (stat.kernelThread) return base;
    return {
      ...base,
      ...this.#program(folder),
      ...this.#arguments(folder),
      workingDirectory: this.#link(`${folder}/cwd`),
      containerId: this.#container(folder),
    };
  }

  #program(folder: string): Pick<ProcessFacts, 'executable' | 'fileDeleted'> {
    const link = this.#link(`${folder}/exe`);
    if (link === undefined) return {};
    if (!link.endsWith(deletedSuffix)) return { executable: link };
    return { executable: link.slice(0, -deletedSuffix.length), fileDeleted: true };
  }

  /** Arguments end with NUL each; within them every byte may stand. At most `bufferBytes` are read. */
  #arguments(folder: string): Pick<ProcessFacts, 'commandLine' | 'keptCommandLine'> {
    const { buffer } = this.#file;
    let length = this.#file.readOnce(`${folder}/cmdline`);
    while (length > 0 && buffer[length - 1] === 0) length--;
    if (length <= 0) return {};
    for (let i = buffer.indexOf(0); i >= 0 && i < length; i = buffer.indexOf(0, i + 1)) buffer[i] = 0x20;
    const commandLine = buffer.toString('utf8', 0, length);
    if (length <= keptCommandLine) return { commandLine, keptCommandLine: commandLine };
    return { commandLine, keptCommandLine: buffer.toString('utf8', 0, keptCommandLine) };
  }

  #userIds(folder: string): { real: string; effective: string } | undefined {
    const length = this.#file.readOnce(`${folder}/status`);
    if (length <= 0) return undefined;
    const ids = /^Uid:\t(\d{1,10})\t(\d{1,10})\t/m.exec(this.#file.buffer.toString('latin1', 0, length));
    return ids === null ? undefined : { real: ids[1] ?? '', effective: ids[2] ?? '' };
  }

  #container(folder: string): string | undefined {
    const length = this.#file.readOnce(`${folder}/cgroup`);
    return length <= 0 ? undefined : containerOf(this.#file.buffer.toString('latin1', 0, length));
  }

  #link(path: string): string | undefined {
    try {
      return readlinkSync(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EACCES') this.denied = true;
      return undefined;
    }
  }
}
