import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { untilBeat } from '../../beat.ts';

/** Time between two looks at the counter. The read costs 2 µs, waking up for it 200. */
const ringMs = 500;

/**
 * Tells that devices came, went or changed: the kernel counts its uevents in /sys/kernel/uevent_seqnum
 * (Documentation/ABI/testing/sysfs-kernel-uevents), of this host as a whole. Which ones is for the called to find out.
 */
export class Doorbell {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(32);
  #fd = -1;
  #timer: NodeJS.Timeout | undefined;
  #last = '';

  constructor(sysRoot: string) {
    this.#path = join(sysRoot, 'kernel/uevent_seqnum');
  }

  /** True while it rings. */
  get works(): boolean {
    return this.#fd >= 0;
  }

  /** Calls `onRing` within half a second of one or many uevents, until `close`. Does nothing where the kernel has no counter. */
  start(onRing: () => void): void {
    if (this.#timer !== undefined) return;
    try {
      this.#fd = openSync(this.#path, 'r');
    } catch {
      return;
    }
    this.#last = this.#count();
    this.#wait(onRing);
  }

  #wait(onRing: () => void): void {
    this.#timer = setTimeout(() => {
      const count = this.#count();
      this.#wait(onRing);
      if (count === this.#last) return;
      this.#last = count;
      onRing();
    }, untilBeat(ringMs));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #count(): string {
    try {
      const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, 0);
      return this.#buffer.toString('latin1', 0, length);
    } catch {
      return this.#last;
    }
  }
}
