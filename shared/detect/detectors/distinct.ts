import { KeyHash } from './key-hash.ts';

/**
 * How many distinct texts there were: exact while few, then estimated by HyperLogLog (Flajolet and others, 2007) with
 * 512 registers, whose standard error is 1.04 / √512 = 4.6 %. Takes a kilobyte. `values` are hashes of 53 bits: one list of numbers is searched faster than texts all
 * over the memory.
 */
export type Distinct = { values: number[]; registers: Uint8Array | null };

/** So that the numbers rules compare with are exact. */
const mostExact = 100;
const indexBits = 9;
const registerCount = 1 << indexBits;
/** Bias correction of the paper for 128 registers and more. */
const alpha = 0.7213 / (1 + 1.079 / registerCount);

export function noneDistinct(): Distinct {
  return { values: [], registers: null };
}

/** Gives whether that says anything new: only then can the count be another. */
export function addDistinct(to: Distinct, text: string): boolean {
  const value = hashOf(text);
  if (to.registers === null) {
    if (to.values.includes(value)) return false;
    if (to.values.length < mostExact) {
      to.values.push(value);
      return true;
    }
    to.registers = new Uint8Array(registerCount);
    for (const one of to.values) register(to.registers, one);
    to.values = [];
  }
  return register(to.registers, value);
}

/** Distinct texts of both together. */
export function countDistinct(a: Distinct, b: Distinct): number {
  if (a.registers === null && b.registers === null)
    return b.values.reduce((sum, one) => (a.values.includes(one) ? sum : sum + 1), a.values.length);
  const both = new Uint8Array(registerCount);
  for (const { values, registers } of [a, b]) {
    for (const one of values) register(both, one);
    registers?.forEach((rank, at) => {
      if (rank > both[at]!) both[at] = rank;
    });
  }
  return estimate(both);
}

function estimate(registers: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) empty++;
  }
  const raw = (alpha * registerCount * registerCount) / sum;
  // Few values leave registers empty, which say more than the ranks of the others.
  const few = empty > 0 && raw <= 2.5 * registerCount;
  return Math.round(few ? registerCount * Math.log(registerCount / empty) : raw);
}

function register(registers: Uint8Array, value: number): boolean {
  const hash = value >>> 0;
  const at = hash >>> (32 - indexBits);
  const rank = Math.min(Math.clz32(hash << indexBits), 32 - indexBits) + 1;
  if (rank <= registers[at]!) return false;
  registers[at] = rank;
  return true;
}

const hash = new KeyHash();

/** 53 bits, of which the lower 32 are as good as any. */
function hashOf(text: string): number {
  const { a, b } = hash.from().text(text);
  return (a & 0x1fffff) * 2 ** 32 + b;
}
