/**
 * xxHash64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), in halves of 32 bits: BigInt
 * takes ten times as long.
 */

/** A number of 64 bits, changed in place. */
class Word {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high;
    this.low = low;
    return this;
  }

  add(high: number, low: number): this {
    const sum = this.low + low;
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    this.low = sum >>> 0;
    return this;
  }

  xor(high: number, low: number): this {
    this.high = (this.high ^ high) >>> 0;
    this.low = (this.low ^ low) >>> 0;
    return this;
  }

  multiply(high: number, low: number): this {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    const p0 = a0 * b0;
    const p1 = a1 * b0 + (p0 >>> 16);
    const p2 = a0 * b1 + (p1 & 0xffff);
    const carried = a1 * b1 + Math.floor(p1 / 65_536) + Math.floor(p2 / 65_536);
    this.high = (carried + Math.imul(this.high, low) + Math.imul(this.low, high)) >>> 0;
    this.low = (((p2 & 0xffff) << 16) | (p0 & 0xffff)) >>> 0;
    return this;
  }

  /** By 1 to 31 bits. */
  rotate(bits: number): this {
    const { high, low } = this;
    this.high = ((high << bits) | (low >>> (32 - bits))) >>> 0;
    this.low = ((low << bits) | (high >>> (32 - bits))) >>> 0;
    return this;
  }

  /** Exclusive or with itself shifted right by 1 to 32 bits, or by 33. */
  fold(bits: number): this {
    const { high, low } = this;
    if (bits >= 32) this.low = (low ^ (high >>> (bits - 32))) >>> 0;
    else this.xor(high >>> bits, ((low >>> bits) | (high << (32 - bits))) >>> 0);
    return this;
  }
}

/** The algorithm's five primes. */
const high1 = 0x9e3779b1;
const low1 = 0x85ebca87;
const high2 = 0xc2b2ae3d;
const low2 = 0x27d4eb4f;
const high3 = 0x165667b1;
const low3 = 0x9e3779f9;
const high4 = 0x85ebca77;
const low4 = 0xc2b2ae63;
const high5 = 0x27d4eb2f;
const low5 = 0x165667c5;

const state = new Word();
const lane = new Word();
const lanes = [new Word(), new Word(), new Word(), new Word()] as const;

function round(word: Word, bytes: Buffer, at: number): Word {
  const { high, low } = word;
  return word
    .set(bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at))
    .multiply(high2, low2)
    .add(high, low)
    .rotate(31)
    .multiply(high1, low1);
}

/** Starts from the four lanes of all whole stripes of 32 bytes; gives where the rest begins. */
function stripes(bytes: Buffer, length: number): number {
  const [a, b, c, d] = lanes;
  a.set(high1, low1).add(high2, low2);
  b.set(high2, low2);
  c.set(0, 0);
  d.set(0x61c8864e, 0x7a143579);
  let at = 0;
  for (; at + 32 <= length; at += 32) for (let i = 0; i < 4; i++) round(lanes[i] as Word, bytes, at + i * 8);
  state.set(0, 0);
  for (const [i, bits] of [1, 7, 12, 18].entries()) {
    const { high, low } = lanes[i] as Word;
    lane.set(high, low).rotate(bits);
    state.add(lane.high, lane.low);
  }
  for (const word of lanes) {
    word.multiply(high2, low2).rotate(31).multiply(high1, low1);
    state.xor(word.high, word.low).multiply(high1, low1).add(high4, low4);
  }
  return at;
}

/** Of the first `length` bytes. Gives both halves as unsigned numbers. */
export function xxhash64(bytes: Buffer, length: number): { readonly high: number; readonly low: number } {
  let at = 0;
  if (length >= 32) at = stripes(bytes, length);
  else state.set(high5, low5);
  state.add(0, length);
  for (; at + 8 <= length; at += 8) {
    round(lane.set(0, 0), bytes, at);
    state.xor(lane.high, lane.low).rotate(27).multiply(high1, low1).add(high4, low4);
  }
  if (at + 4 <= length) {
    lane.set(0, bytes.readUInt32LE(at)).multiply(high1, low1);
    state.xor(lane.high, lane.low).rotate(23).multiply(high2, low2).add(high3, low3);
    at += 4;
  }
  for (; at < length; at++) {
    lane.set(0, bytes[at] as number).multiply(high5, low5);
    state.xor(lane.high, lane.low).rotate(11).multiply(high1, low1);
  }
  state.fold(33).multiply(high2, low2).fold(29).multiply(high3, low3).fold(32);
  return state;
}
