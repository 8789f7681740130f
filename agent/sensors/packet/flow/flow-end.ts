import { tcpFlag } from '../decode/packet.ts';
import type { HeadStream } from './head-stream.ts';

/** What a reset may lie ahead of what was seen, to be counted as the end of what was sent. */
const maxResetJump = 1 << 30;

/** One direction of a flow: what was sent from this end. */
export class FlowEnd {
  /** Packets captured from this end, each weighed by how many it stands for. */
  packets = 0;
  /** Payload bytes: of UDP summed up, of TCP by sequence numbers. */
  bytes = 0;
  /** The SYN of this end was seen, so `bytes` counts from the begin. */
  synSeen = false;
  finSeen = false;
  /** Sequence number of the first payload byte; meaningless before any packet. */
  base = 0;
  /** What begins the payload was looked at, so that nothing before it is waited for. */
  headSeen = false;
  /** What decodes its payload, while something does. */
  stream: HeadStream | undefined;
  #next = 0;
  #known = false;

  /** Takes a TCP packet of this end. Sequence numbers wrap at 2^32; steps are taken as the nearer way round. */
  sent(sequence: number, length: number, flags: number): void {
    if ((flags & tcpFlag.syn) !== 0) {
      this.#begin((sequence + 1) >>> 0);
      this.synSeen = true;
      // Payload in a SYN (TCP Fast Open) begins right behind it.
      this.#advance((sequence + 1 + length) >>> 0, Number.POSITIVE_INFINITY);
      return;
    }
    const isReset = (flags & tcpFlag.rst) !== 0;
    if (!this.#known) {
      if (isReset) return;
      this.#begin(sequence);
    }
    if (this.finSeen) return;
    this.#advance(
      (sequence + (isReset ? 0 : length)) >>> 0,
      isReset ? maxResetJump : Number.POSITIVE_INFINITY,
    );
    if ((flags & tcpFlag.fin) !== 0) this.finSeen = true;
  }

  /** The other end says it has everything before this number. Its FIN takes up a number too. */
  acknowledged(number: number): void {
    if (this.#known && !this.finSeen) this.#advance(number, maxResetJump);
  }

  #begin(base: number): void {
    if (this.synSeen) return;
    this.#known = true;
    this.base = base;
    this.#next = base;
    this.bytes = 0;
  }

  #advance(to: number, most: number): void {
    const step = (to - this.#next) | 0;
    if (step <= 0 || step > most) return;
    this.bytes += step;
    this.#next = to;
  }
}
