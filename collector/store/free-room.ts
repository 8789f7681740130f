import { statfsSync } from 'node:fs';

/** Longest time an answer is taken for true. */
const freshMs = 250;
/** Of the disk, at most this part is kept free: small disks are there to be used. */
const largestShare = 1 / 20;

/** Whether the disk of a folder has more room left than what sealing, merging and the databases need to go on. */
export class FreeRoom {
  readonly #folder: string;
  readonly #minFreeBytes: number;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #isEnough = true;

  constructor(folder: string, minFreeBytes: number) {
    this.#folder = folder;
    this.#minFreeBytes = minFreeBytes;
  }

  get isEnough(): boolean {
    const now = performance.now();
    if (now - this.#checkedAtMs >= freshMs) {
      this.#checkedAtMs = now;
      const { bavail, bsize, blocks } = statfsSync(this.#folder);
      this.#isEnough = bavail * bsize >= Math.min(this.#minFreeBytes, blocks * bsize * largestShare);
    }
    return this.#isEnough;
  }
}
