/** Parts that came before what precedes them, of one stream. */
const maxAhead = 8;
/** So many times a stream that grew is looked at; from then on only when it is a quarter longer than at the last look. */
const promptLooks = 16;

/** Bytes that streams of one capture hold together; a stream that asks for more is given up. */
export class StreamBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;
  /** Streams given up for want of room. */
  refused = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes) {
      this.refused++;
      return false;
    }
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/**
 * The first bytes of one direction of a TCP connection, put in order: no more than a decoder needs. What was there
 * first stays where segments overlap, as most receivers have it.
 */
export class HeadStream {
  readonly #budget: StreamBudget;
  readonly #maxBytes: number;
  /** Sequence number of the first byte there is. */
  #first: number;
  #ahead: { offset: number; readonly bytes: Buffer }[] = [];
  #buffer = Buffer.alloc(0);
  #length = 0;
  #heldBytes = 0;
  #looks = 0;
  #lookAtBytes = 0;

  constructor(first: number, maxBytes: number, budget: StreamBudget) {
    this.#first = first;
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** The bytes up to the first gap; good until the next `offer`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** True when it has as much as it may ever have. */
  get isFull(): boolean {
    return this.#length >= this.#maxBytes;
  }

  /**
   * Takes a segment. Gives `grown` when the bytes up to the first gap got more, `same` when not, `refused` when there
   * is no room for it: then the stream is of no more use.
   */
  offer(sequence: number, source: Buffer, from: number, to: number): 'grown' | 'same' | 'refused' {
    const offset = (sequence - this.#first) | 0;
    if (from >= to || offset + (to - from) <= this.#length || offset >= this.#maxBytes) return 'same';
    if (offset > this.#length) return this.#keepAhead(offset, source.subarray(from, to));
    if (!this.#append(source.subarray(from, to), offset)) return 'refused';
    return this.#join() ? 'grown' : 'refused';
  }

  /** Whether it has grown enough to be decoded again: a message sent byte by byte must not cost its square. */
  get isDue(): boolean {
    return this.#length >= this.#lookAtBytes || this.isFull;
  }

  /** Says that it was decoded, its first `used` bytes are done with, and the rest is not whole. */
  postpone(used: number): void {
    if (used > 0) this.#forget(used);
    else if (++this.#looks > promptLooks) this.#lookAtBytes = Math.ceil(this.#length * 1.25);
  }

  /** Gives back what it holds. */
  end(): void {
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#ahead = [];
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }

  #forget(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#first = (this.#first + count) >>> 0;
    for (const part of this.#ahead) part.offset -= count;
    this.#looks = 0;
    this.#lookAtBytes = 0;
  }

  #keepAhead(offset: number, bytes: Buffer): 'same' | 'refused' {
    const length = Math.min(bytes.length, this.#maxBytes - offset);
    if (this.#ahead.length >= maxAhead || !this.#hold(length)) return 'refused';
    this.#ahead.push({ offset, bytes: Buffer.from(bytes.subarray(0, length)) });
    this.#ahead.sort((a, b) => a.offset - b.offset);
    return 'same';
  }

  /** Adds what of the segment lies behind the bytes there are. */
  #append(segment: Buffer, offset: number): boolean {
    const fresh = segment.subarray(this.#length - offset);
    const length = Math.min(fresh.length, this.#maxBytes - this.#length);
    if (length <= 0) return true;
    if (this.#length + length > this.#buffer.length && !this.#enlarge(this.#length + length)) return false;
    fresh.copy(this.#buffer, this.#length, 0, length);
    this.#length += length;
    return true;
  }

  #enlarge(needed: number): boolean {
    const size = Math.min(this.#maxBytes, Math.max(needed, 2 * this.#buffer.length));
    if (!this.#hold(size - this.#buffer.length)) return false;
    const larger = Buffer.alloc(size);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    return true;
  }

  #join(): boolean {
    while (this.#ahead[0] !== undefined && this.#ahead[0].offset <= this.#length) {
      const next = this.#ahead.shift() as { offset: number; bytes: Buffer };
      this.#budget.give(next.bytes.length);
      this.#heldBytes -= next.bytes.length;
      if (next.offset + next.bytes.length > this.#length && !this.#append(next.bytes, next.offset))
        return false;
    }
    return true;
  }

  #hold(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }
}
