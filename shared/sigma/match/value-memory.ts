/** Values remembered per generation, two generations at once, and the longest value worth remembering. */
export const memoryBounds = { values: 2_048, length: 2_048 } as const;

/** Look-ups after which it is judged whether remembering pays, and look-ups sat out when it does not. */
const judgedAfter = 2_048;
const satOut = 16 * judgedAfter;
/** Least share of look-ups that must find something. */
const worthwhile = 1 / 16;

/**
 * What was found out about values, for those that come again. Where hardly any does (random identifiers, hashes) it
 * remembers nothing for a while, since keeping costs more than finding out anew.
 */
export class ValueMemory<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #lookups = 0;
  #found = 0;
  #sitsOut = 0;

  /** What is remembered of a value, else what `findOut` says. */
  of(value: string, findOut: (value: string) => T): T {
    if (this.#sitsOut > 0) {
      this.#sitsOut--;
      return findOut(value);
    }
    if (value.length > memoryBounds.length) return findOut(value);
    this.#judge();
    let known = this.#young.get(value);
    if (known !== undefined) {
      this.#found++;
      return known;
    }
    known = this.#old.get(value);
    if (known !== undefined) this.#found++;
    else known = findOut(value);
    this.#keep(value, known);
    return known;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #judge(): void {
    if (++this.#lookups < judgedAfter) return;
    if (this.#found < this.#lookups * worthwhile) {
      this.#sitsOut = satOut;
      this.clear();
    }
    this.#lookups = 0;
    this.#found = 0;
  }

  #keep(value: string, known: T): void {
    if (this.#young.size >= memoryBounds.values) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(value, known);
  }
}
