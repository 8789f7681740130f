/** A hash of 64 bits, in two halves. */
export interface Hashed {
  readonly a: number;
  readonly b: number;
}

const [beginA, beginB] = [0x811c9dc5, 0x9747b28c];
const [primeA, primeB] = [0x01000193, 0x85ebca6b];
const separator = 0xffff;

/**
 * Hashes keys of several parts without joining them: FNV-1a over UTF-16 units, twice with other primes. Of a
 * million keys two have the same hash in one of some million cases. One object serves many keys.
 */
export class KeyHash implements Hashed {
  #a = beginA;
  #b = beginB;

  get a(): number {
    return this.#a >>> 0;
  }

  get b(): number {
    return this.#b >>> 0;
  }

  /** Begins anew, or after parts that were hashed before. */
  from(before: Hashed = { a: beginA, b: beginB }): this {
    this.#a = before.a;
    this.#b = before.b;
    return this;
  }

  text(part: string): this {
    let [a, b] = [this.#a, this.#b];
    for (let i = 0; i < part.length; i++) {
      const code = part.charCodeAt(i);
      a = Math.imul(a ^ code, primeA);
      b = Math.imul(b ^ code, primeB);
    }
    this.#a = mixed(Math.imul(a ^ separator, primeA));
    this.#b = mixed(Math.imul(b ^ separator, primeB));
    return this;
  }

  number(part: number): this {
    this.#a = mixed(Math.imul(this.#a ^ part, primeA));
    this.#b = mixed(Math.imul(this.#b ^ part, primeB));
    return this;
  }
}

/** As MurmurHash3 ends. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
