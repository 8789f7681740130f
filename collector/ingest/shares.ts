import { maxFrameBytes } from '#shared/protocol/frames.ts';

/** Least credit, so that a batch of usual size passes at once however many hosts are busy. */
const minCreditBytes = 64 * 1024;

/**
 * How much each host may have on its way to the disk: all that have something there share half of the backlog that
 * pauses reading, so that no number of busy hosts comes to make the others wait.
 */
export class Shares {
  readonly #creditBytes: number;
  readonly #sharedBytes: number;
  readonly #inFlight = new Map<string, number>();

  /** `creditBytes` is the most for one host, `backlogBytes` what pauses reading from all. */
  constructor(creditBytes: number, backlogBytes: number) {
    this.#creditBytes = creditBytes;
    this.#sharedBytes = backlogBytes / 2;
  }

  add(hostId: string, bytes: number): void {
    this.#inFlight.set(hostId, this.of(hostId) + bytes);
  }

  done(hostId: string, bytes: number): void {
    const left = this.of(hostId) - bytes;
    if (left > 0) this.#inFlight.set(hostId, left);
    else this.#inFlight.delete(hostId);
  }

  /** Bytes of the host that are not judged yet, over all its connections. */
  of(hostId: string): number {
    return this.#inFlight.get(hostId) ?? 0;
  }

  /** Connects again and again, faster than what it sent before is judged; an agent within its credit never does. */
  isOver(hostId: string): boolean {
    return this.of(hostId) > 2 * this.#creditBytes + maxFrameBytes;
  }

  /** Bytes one host may have in flight now. */
  credit(): number {
    const share = Math.floor(this.#sharedBytes / Math.max(1, this.#inFlight.size));
    return Math.min(this.#creditBytes, Math.max(minCreditBytes, share));
  }
}
