import { createHash } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import { bundlePartBytes, type CollectorFrame } from '#shared/protocol/frames.ts';

export type BundlePart = CollectorFrame & { readonly kind: 'bundle' };

/** Largest bundle an agent takes: it is in memory while it is opened. */
export const maxOfferBytes = 16 * 1024 * 1024;

interface Offer {
  readonly id: string;
  readonly bytes: Uint8Array;
  received: number;
  next: number;
}

/**
 * Puts a bundle together from its parts, one offer at a time. Parts come in order; the first part of another offer ends
 * the one before. What does not fit ends the offer with a code, and the parts of it that still come are passed over.
 */
export class BundleReceiver {
  #offer: Offer | undefined;
  /** The offer that was ended last. */
  #ended = '';

  /** The whole bundle once its last part is there, until then undefined. Throws `bundle.offer_broken`, `bundle.too_large`. */
  add(part: BundlePart): Uint8Array | undefined {
    if (part.index === 0) this.#begin(part);
    else if (part.offer === this.#ended) return undefined;
    const offer = this.#offer;
    try {
      if (offer === undefined || offer.id !== part.offer || offer.next !== part.index)
        throw broken(`Part ${part.index} came, part ${offer?.next ?? 0} was due.`);
      return this.#take(offer, part);
    } catch (error) {
      this.#end(part.offer);
      throw error;
    }
  }

  /** Forgets what has come: the connection ended, and the next one begins anew. */
  clear(): void {
    this.#offer = undefined;
    this.#ended = '';
  }

  #begin({ offer, sizeBytes }: BundlePart): void {
    this.#end(offer);
    if (sizeBytes > maxOfferBytes)
      throw new VedetteError(
        'bundle.too_large',
        `It has ${sizeBytes} bytes; the bound here is ${maxOfferBytes}.`,
      );
    this.#ended = '';
    // Zeroed pages take no memory before they are written to.
    this.#offer = { id: offer, bytes: new Uint8Array(sizeBytes), received: 0, next: 0 };
  }

  #take(offer: Offer, { sizeBytes, data }: BundlePart): Uint8Array | undefined {
    const left = offer.bytes.length - offer.received;
    if (sizeBytes !== offer.bytes.length) throw broken('Its parts differ in the size they announce.');
    if (data.length !== Math.min(left, bundlePartBytes) || data.length === 0)
      throw broken(`A part has ${data.length} bytes where ${Math.min(left, bundlePartBytes)} were due.`);
    offer.bytes.set(data, offer.received);
    offer.received += data.length;
    offer.next++;
    if (offer.received < offer.bytes.length) return undefined;
    this.#end(offer.id);
    if (createHash('sha256').update(offer.bytes).digest('hex') !== offer.id)
      throw broken('Its bytes are not those that were announced.');
    return offer.bytes;
  }

  #end(offer: string): void {
    this.#offer = undefined;
    this.#ended = offer;
  }
}

function broken(detail: string): VedetteError {
  return new VedetteError('bundle.offer_broken', detail);
}
