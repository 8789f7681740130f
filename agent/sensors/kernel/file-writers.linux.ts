import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KernelEvents, LinuxHost } from '../linux/host.ts';
import { fieldsOf } from '../linux/trace/format.ts';
import type { TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import { withoutStack } from '../linux/without-stack.ts';
import type { ProcessEntry } from '../process/table.ts';

/** Inodes whose last writer is remembered. */
const maxInodes = 4096;
/** A change is seen so long after it was made, at most, and still belongs to the writer. */
const recentUs = 3_000_000;
/** Records in a second, over some seconds, beyond which listening costs more than it is worth, and the rest then. */
const maxRecordsPerSecond = 2000;
const spanUs = 3_000_000;
const restUs = 300_000_000;

interface Writer {
  readonly tid: number;
  readonly timeUs: number;
}

/**
 * Who changed an inode last, from the kernel marking it as changed (writeback:writeback_dirty_inode_start), which
 * happens in the process that writes, creates, renames, removes or changes its mode or owner, on every file system.
 * Writes through a memory map are marked by the kernel's own threads later and have no writer here.
 */
export class FileWriters {
  readonly #host: LinuxHost;
  readonly #events: KernelEvents;
  readonly #writers = new Map<number, Writer>();
  readonly #source: TraceSource = this.#dirtied();
  #isThere = false;
  #isOn = false;
  #records = 0;
  #sinceUs = 0;

  constructor(host: LinuxHost, events: KernelEvents) {
    this.#host = host;
    this.#events = events;
  }

  /** False when the kernel does not tell. */
  start(): boolean {
    this.#isThere = this.#events.trace.add(this.#source);
    this.#isOn = this.#isThere;
    if (this.#isThere) this.#events.trace.afterRound((nowUs) => this.#settle(nowUs));
    return this.#isThere;
  }

  /** The process that changed the path at about this time; of a path that is gone, who changed its folder. */
  writerOf(path: string, timeUs: number): ProcessEntry | undefined {
    if (!this.#isOn) return undefined;
    this.#events.trace.drain();
    const writer = this.#writers.get(inodeOf(path) ?? inodeOf(dirname(path)) ?? 0);
    if (writer === undefined || Math.abs(timeUs - writer.timeUs) > recentUs) return undefined;
    const process = this.#host.processes.recent(this.#events.processes.processOf(writer.tid));
    return process?.kernelThread === true ? undefined : process;
  }

  note(): string | undefined {
    return this.#isThere && !this.#isOn
      ? 'who writes files is not seen for now: too many are written'
      : undefined;
  }

  #dirtied(): TraceSource {
    return {
      system: 'writeback',
      event: 'writeback_dirty_inode_start',
      filter: 'common_pid != 0',
      reader: (format) => {
        const [inodeField, tidField] = fieldsOf(format, 'ino', 'common_pid');
        return (record) => {
          this.#records++;
          const inode = record.number(inodeField);
          const tid = record.number(tidField);
          return (timeUs) => this.#remember(inode, { tid, timeUs });
        };
      },
    };
  }

  #remember(inode: number, writer: Writer): void {
    this.#writers.delete(inode);
    this.#writers.set(inode, writer);
    if (this.#writers.size > maxInodes) this.#writers.delete(this.#writers.keys().next().value ?? inode);
  }

  #settle(nowUs: number): void {
    const elapsedUs = nowUs - this.#sinceUs;
    if (elapsedUs >= 0 && elapsedUs < (this.#isOn ? spanUs : restUs)) return;
    const isTooMuch = this.#records / (elapsedUs / 1e6) > maxRecordsPerSecond;
    this.#records = 0;
    this.#sinceUs = nowUs;
    if (!this.#isOn) this.#isOn = this.#events.trace.add(this.#source);
    else if (isTooMuch) {
      this.#events.trace.drop(this.#source);
      this.#writers.clear();
      this.#isOn = false;
    }
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return withoutStack(() => lstatSync(path, { throwIfNoEntry: false }))?.ino;
  } catch {
    return undefined;
  }
}
