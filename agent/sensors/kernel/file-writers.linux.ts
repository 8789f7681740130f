import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { KernelEvents, LinuxHost } from '../linux/host.ts';
import { fieldsOf } from '../linux/trace/format.ts';
import type { TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import { withoutStack } from '../linux/without-stack.ts';
import type { ProcessEntry } from '../process/table.ts';

/** Inodes whose last writer is remembered. */
const maxInodes = 4096;
/** Of each, so many: reading marks an inode too, for the time of access, and must not hide who wrote it before. */
const keptWriters = 4;
/** A change is recorded no later after its ctime, which is that of the kernel's last tick, and hardly before it. */
const tickUs = 20_000;
const inexactUs = 1000;
/** A change is seen so long after it was made, at most. */
const recentUs = 5_000_000;
/** Records in a second, over some seconds, beyond which listening costs more than it is worth, and the rest then. */
const maxRecordsPerSecond = 4000;
/** One act marks an inode several times over; what follows within this is taken for the same act. */
const sameActNs = 1_000_000;
const spanUs = 3_000_000;
const restUs = 300_000_000;

interface Writer {
  readonly tid: number;
  readonly timeUs: number;
}

/**
 * Who changed an inode last, from the kernel marking it as changed (writeback:writeback_dirty_inode_start), which
 * happens in the process that writes, creates, renames, removes or changes its mode or owner.
 * Writes through a memory map are marked by the kernel's own threads later and have no writer here.
 */
export class FileWriters {
  readonly #host: LinuxHost;
  readonly #events: KernelEvents;
  readonly #writers = new Map<number, Writer[]>();
  readonly #sources: readonly TraceSource[] = [
    this.#dirtied('writeback', 'writeback_dirty_inode_start'),
    // This one marks the folders in which it makes and removes entries without asking the rest of the kernel.
    this.#dirtied('ext4', 'ext4_mark_inode_dirty'),
  ];
  #isThere = false;
  #isOn = false;
  #records = 0;
  #sinceUs = 0;
  #endSettling = () => {};

  constructor(host: LinuxHost, events: KernelEvents) {
    this.#host = host;
    this.#events = events;
  }

  /** False when the kernel does not tell. */
  start(): boolean {
    this.#isThere = this.#addAll();
    this.#isOn = this.#isThere;
    if (this.#isThere) this.#endSettling = this.#events.trace.afterRound((nowUs) => this.#settle(nowUs));
    return this.#isThere;
  }

  stop(): void {
    this.#endSettling();
    for (const source of this.#sources) this.#events.trace.drop(source);
    this.#isOn = false;
  }

  /** The process that changed the path at about this time, or its folder, where it came into being or was. */
  writerOf(path: string, timeUs: number): ProcessEntry | undefined {
    if (!this.#isOn) return undefined;
    this.#events.trace.drain();
    const writer = this.#writerAt(path, timeUs) ?? this.#writerAt(dirname(path), timeUs);
    if (writer === undefined) return undefined;
    const found = this.#host.processes.recent(this.#events.processes.processOf(writer.tid));
    return found?.kernelThread === true ? undefined : found;
  }

  /** Who made the last change of what is there now, by its ctime. */
  #writerAt(path: string, timeUs: number): Writer | undefined {
    const stat = statOf(path);
    const changedUs = (stat?.ctimeMs ?? 0) * 1000;
    if (stat === undefined || Math.abs(timeUs - changedUs) > recentUs) return undefined;
    const near = ({ timeUs: at }: Writer) => at > changedUs - inexactUs && at < changedUs + tickUs;
    // The first of them: those after it read.
    return this.#writers.get(stat.ino)?.find(near);
  }

  note(): string | undefined {
    return this.#isThere && !this.#isOn
      ? 'who writes files is not seen for now: too many are written'
      : undefined;
  }

  /** False when none is there. */
  #addAll(): boolean {
    return this.#sources.map((source) => this.#events.trace.add(source)).some((isThere) => isThere);
  }

  #dirtied(system: string, event: string): TraceSource {
    return {
      system,
      event,
      // Nor what the agent itself writes, which is most of it on an idle host.
      filter: `common_pid != 0 && common_pid != ${process.pid}`,
      reader: (format) => {
        const [inodeField, tidField] = fieldsOf(format, 'ino', 'common_pid');
        let lastInode = 0;
        let lastTid = 0;
        let lastNs = 0;
        return (record, timeNs) => {
          const inode = record.number(inodeField);
          const tid = record.number(tidField);
          const isSame = inode === lastInode && tid === lastTid && Math.abs(timeNs - lastNs) < sameActNs;
          lastInode = inode;
          lastTid = tid;
          lastNs = timeNs;
          if (isSame) return undefined;
          this.#records++;
          // What other threads of the agent read is marked for the time of access.
          return (timeUs) => {
            if (this.#events.processes.processOf(tid) !== process.pid) this.#remember(inode, { tid, timeUs });
          };
        };
      },
    };
  }

  #remember(inode: number, writer: Writer): void {
    const writers = this.#writers.get(inode) ?? [];
    if (writers.push(writer) > keptWriters) writers.shift();
    this.#writers.delete(inode);
    this.#writers.set(inode, writers);
    if (this.#writers.size > maxInodes) this.#writers.delete(this.#writers.keys().next().value ?? inode);
  }

  #settle(nowUs: number): void {
    const elapsedUs = nowUs - this.#sinceUs;
    if (elapsedUs >= 0 && elapsedUs < (this.#isOn ? spanUs : restUs)) return;
    const isTooMuch = this.#records / (elapsedUs / 1e6) > maxRecordsPerSecond;
    this.#records = 0;
    this.#sinceUs = nowUs;
    if (!this.#isOn) this.#isOn = this.#addAll();
    else if (isTooMuch) {
      for (const source of this.#sources) this.#events.trace.drop(source);
      this.#writers.clear();
      this.#isOn = false;
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return withoutStack(() => lstatSync(path, { throwIfNoEntry: false }));
  } catch {
    return undefined;
  }
}
