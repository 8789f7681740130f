import { createHash } from 'node:crypto';

/** Units of a text that are kept as they are; longer ones are kept as their digest. */
export const keptLength = 254;

/** Differs between processes, so that nobody can prepare keys that collide. */
const seed = Math.floor(Math.random() * 0x7fff_ffff);

/**
 * A key made of texts that may be absent, built without making strings. Each part is led by its length, so that
 * different parts never make one key.
 */
export class KeyBuffer {
  readonly units: Uint16Array;
  length = 0;
  hash = seed;
  /** Whether some unit needs two bytes. */
  isWide = false;

  constructor(parts: number) {
    this.units = new Uint16Array(Math.max(1, parts) * (keptLength + 1));
  }

  clear(): void {
    this.length = 0;
    this.hash = seed;
    this.isWide = false;
  }

  add(text: string | null): void {
    if (text === null) {
      this.#unit(0);
      return;
    }
    const kept = text.length <= keptLength ? text : digestOf(text);
    const { units } = this;
    const count = kept.length;
    let { length, hash } = this;
    let seen = 0;
    units[length++] = count + 1;
    hash = Math.imul(hash ^ (count + 1), 0x85eb_ca6b);
    for (let i = 0; i < count; i++) {
      const unit = kept.charCodeAt(i);
      units[length++] = unit;
      seen |= unit;
      hash = Math.imul(hash ^ unit, 0x85eb_ca6b);
      hash ^= hash >>> 15;
    }
    this.length = length;
    this.hash = hash;
    if (seen > 0xff) this.isWide = true;
  }

  /** Takes a whole key back from bytes, as a snapshot holds it. */
  load(bytes: Uint8Array, isWide: boolean): void {
    this.clear();
    const step = isWide ? 2 : 1;
    for (let at = 0, left = 0; at < bytes.length; at += step) {
      const unit = isWide ? bytes[at]! | (bytes[at + 1]! << 8) : bytes[at]!;
      if (this.length >= this.units.length) throw new RangeError('a key is too long');
      this.units[this.length++] = unit;
      this.hash = Math.imul(this.hash ^ unit, 0x85eb_ca6b);
      if (left === 0) left = Math.max(0, unit - 1);
      else {
        this.hash ^= this.hash >>> 15;
        left--;
      }
    }
    this.isWide = isWide;
  }

  #unit(unit: number): void {
    this.units[this.length++] = unit;
    this.hash = Math.imul(this.hash ^ unit, 0x85eb_ca6b);
  }
}

function digestOf(text: string): string {
  return `${text.slice(0, 64)}#${createHash('sha256').update(text).digest('hex')}`;
}
