import type { Observation } from './contract.ts';

interface Bound<T> {
  /** One object for all events of a group of a batch. */
  readonly rows: Observation;
  readonly dictionary: readonly string[];
  readonly index: ArrayLike<number>;
  /** By number in the dictionary, from 1. */
  readonly values: (T | undefined)[];
}

const noIndex: ArrayLike<number> = [];

/**
 * What is made of the text of a field: once for each distinct text of a batch, not for every event. It must depend on
 * nothing but the text and the host.
 */
export class PerText<T> {
  readonly #name: string;
  readonly #make: (text: string, seen: Observation) => T;
  /** By group of the batch at hand. */
  readonly #bound: Bound<T>[] = [];

  constructor(name: string, make: (text: string, seen: Observation) => T) {
    this.#name = name;
    this.#make = make;
  }

  /** Undefined where the event has no such text. */
  of(seen: Observation): T | undefined {
    let bound = this.#bound[seen.group];
    if (bound === undefined || bound.rows !== seen) bound = this.#bind(seen);
    const number = bound.index[seen.row];
    if (number === undefined || number === 0) return undefined;
    const known = bound.values[number];
    if (known !== undefined) return known;
    const made = this.#make(bound.dictionary[number - 1]!, seen);
    bound.values[number] = made;
    return made;
  }

  #bind(seen: Observation): Bound<T> {
    const column = seen.texts(this.#name);
    const bound: Bound<T> = {
      ...{ rows: seen, dictionary: column?.dictionary ?? [], index: column?.index ?? noIndex, values: [] },
    };
    this.#bound[seen.group] = bound;
    return bound;
  }
}
