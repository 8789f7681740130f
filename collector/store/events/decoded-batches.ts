/** Batches of the journal as they were decoded for searches before: many searches look at the newest ones. */
import { type DecodedBatch, decodeBatch } from '#shared/protocol/codec/decode.ts';
import type { ListedBatch } from '../journal/contract.ts';

/** Of all batches held, as they are stored; decoded they take some ten times as much. */
const usualBytes = 4 * 1024 * 1024;
/** A batch may take this share of the room. */
const greatestShare = 1 / 8;

interface Held {
  readonly key: string;
  readonly maxTime: number;
  readonly bytes: number;
  readonly decoded: DecodedBatch;
}

/** What is stored under it never changes; the number in the journal may be given again. */
function keyOf({ hostId, stream, sequence }: ListedBatch): string {
  return `${hostId} ${stream} ${sequence}`;
}

/** Holds the newest by event time: a search that goes far back does not push out what all others ask for. */
export class DecodedBatches {
  readonly #maxBytes: number;
  readonly #byKey = new Map<string, Held>();
  /** The oldest first. */
  readonly #byTime: Held[] = [];
  #bytes = 0;

  constructor(maxBytes = usualBytes) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(batch: ListedBatch): DecodedBatch | undefined {
    return this.#byKey.get(keyOf(batch))?.decoded;
  }

  /** Undefined where it does not decode. */
  decode(batch: ListedBatch, data: Uint8Array): DecodedBatch | undefined {
    const decoded = decodeBatch(data);
    if (!decoded.ok) return undefined;
    this.#hold({ key: keyOf(batch), maxTime: batch.maxTime, bytes: data.length, decoded: decoded.value });
    return decoded.value;
  }

  #hold(one: Held): void {
    if (one.bytes > this.#maxBytes * greatestShare || this.#byKey.has(one.key)) return;
    const isFull = this.#bytes + one.bytes > this.#maxBytes;
    if (isFull && one.maxTime <= (this.#byTime[0]?.maxTime ?? Number.NEGATIVE_INFINITY)) return;
    let at = this.#byTime.length;
    while (at > 0 && (this.#byTime[at - 1] as Held).maxTime > one.maxTime) at--;
    this.#byTime.splice(at, 0, one);
    this.#byKey.set(one.key, one);
    this.#bytes += one.bytes;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#byTime.shift() as Held;
      this.#byKey.delete(oldest.key);
      this.#bytes -= oldest.bytes;
    }
  }
}
