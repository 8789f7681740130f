import { fold } from '../fold.ts';
import { isSure, type Test } from '../value-tests/test.ts';
import { AhoCorasick } from './aho-corasick.ts';
import { NetworkIndex } from './network-index.ts';

/**
 * What is known of one value: the slots that hold, and those that may, whose tests are asked when a condition needs
 * them and then remembered.
 */
export interface Hits {
  readonly slots: Int32Array;
  readonly maybe: Int32Array;
  /** Whether any of them wakes a rule. */
  readonly wakes: boolean;
  /** Asks the test of `maybe[i]`. */
  holds(i: number): boolean;
}

export interface SlotTest {
  readonly slot: number;
  readonly test: Test;
  readonly wakes: boolean;
}

/** Values remembered per field and generation, two generations at once, and the longest value worth remembering. */
export const memoryBounds = { values: 4_096, length: 2_048 } as const;

type Placed = { readonly entry: number; readonly at: 'start' | 'end' | 'anywhere' };

const none = new Int32Array(0);

class ValueHits implements Hits {
  readonly slots: Int32Array;
  readonly maybe: Int32Array;
  readonly wakes: boolean;
  readonly #entries: readonly number[];
  readonly #value: string;
  readonly #ask: (entry: number, value: string) => boolean;
  /** By entry: 0 not asked yet, 1 does not hold, 2 holds. */
  readonly #answers: Uint8Array;

  constructor(
    found: { readonly slots: readonly number[]; readonly maybe: readonly number[]; readonly wakes: boolean },
    entries: readonly number[],
    value: string,
    ask: (entry: number, value: string) => boolean,
  ) {
    this.slots = found.slots.length === 0 ? none : Int32Array.from(found.slots);
    this.maybe = found.maybe.length === 0 ? none : Int32Array.from(found.maybe);
    this.wakes = found.wakes;
    this.#entries = entries;
    this.#value = value;
    this.#ask = ask;
    this.#answers = new Uint8Array(entries.length);
  }

  holds(i: number): boolean {
    if (this.#answers[i] === 0) this.#answers[i] = this.#ask(this.#entries[i]!, this.#value) ? 2 : 1;
    return this.#answers[i] === 2;
  }
}

/**
 * All tests on one field: one map of whole values and one automaton over every literal, so that a value is read once
 * however many tests there are. What holds for a value is remembered.
 */
export class FieldIndex {
  readonly #tests: readonly SlotTest[];
  readonly #exact = new Map<string, number[]>();
  readonly #networks = new NetworkIndex();
  readonly #literals: AhoCorasick | null;
  /** By literal: who asked for it. */
  readonly #placed: readonly (readonly Placed[])[];
  /** Found with every value: tests of presence, and those no index helps. */
  readonly #always: readonly number[];
  /** By entry: 1 when being found is enough. */
  readonly #sure: Uint8Array;
  readonly #onFault: (slot: number, error: unknown) => void;
  /** Pass in which an entry was last found; spares finding it twice in one value. */
  readonly #found: Uint32Array;
  #pass = 0;
  #young = new Map<string, Hits | null>();
  #old = new Map<string, Hits | null>();

  constructor(tests: readonly SlotTest[], onFault: (slot: number, error: unknown) => void) {
    this.#tests = tests;
    this.#onFault = onFault;
    this.#found = new Uint32Array(tests.length);
    this.#sure = Uint8Array.from(tests, ({ test }) => (isSure(test.hint) ? 1 : 0));
    const byText = new Map<string, Placed[]>();
    this.#always = tests.flatMap(({ test: { hint } }, entry) =>
      hint.by === 'scan' || hint.by === 'presence' ? [entry] : [],
    );
    tests.forEach(({ test: { hint } }, entry) => {
      if (hint.by === 'network') this.#networks.add(hint.network, entry);
      if (hint.by === 'exact') push(this.#exact, hint.text, entry);
      if (hint.by === 'literal') for (const text of hint.texts) push(byText, text, { entry, at: hint.at });
    });
    this.#placed = [...byText.values()];
    this.#literals = byText.size > 0 ? new AhoCorasick([...byText.keys()]) : null;
  }

  /** The slots that hold for a value; null when none does. */
  find(value: string): Hits | null {
    let hits = this.#young.get(value);
    if (hits !== undefined) return hits;
    hits = this.#old.get(value);
    if (hits === undefined) hits = this.#search(value);
    if (value.length <= memoryBounds.length) this.#remember(value, hits);
    return hits;
  }

  #remember(value: string, hits: Hits | null): void {
    if (this.#young.size >= memoryBounds.values) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(value, hits);
  }

  #search(value: string): Hits | null {
    const folded = fold(value);
    if (++this.#pass === 0xffff_ffff) {
      this.#found.fill(0);
      this.#pass = 1;
    }
    const entries: number[] = [];
    const add = (entry: number) => {
      if (this.#found[entry] === this.#pass) return;
      this.#found[entry] = this.#pass;
      entries.push(entry);
    };
    this.#exact.get(folded)?.forEach(add);
    this.#literals?.scan(folded, (text, end) => {
      for (const { entry, at } of this.#placed[text]!) {
        if (at === 'start' && end !== this.#literals!.lengthOf(text)) continue;
        if (at === 'end' && end !== folded.length) continue;
        add(entry);
      }
    });
    this.#networks.find(value, add);
    this.#always.forEach(add);
    return entries.length === 0 ? null : this.#hitsOf(entries, value);
  }

  #hitsOf(entries: readonly number[], value: string): Hits {
    const sure = entries.filter((entry) => this.#sure[entry] === 1);
    const open = entries.filter((entry) => this.#sure[entry] === 0);
    const slotOf = (entry: number) => this.#tests[entry]!.slot;
    const wakes = entries.some((entry) => this.#tests[entry]!.wakes);
    const found = { slots: sure.map(slotOf), maybe: open.map(slotOf), wakes };
    return new ValueHits(found, open, value, this.#ask);
  }

  readonly #ask = (entry: number, value: string): boolean => {
    const { slot, test } = this.#tests[entry]!;
    try {
      return test.holds(value, fold(value));
    } catch (error) {
      this.#onFault(slot, error);
      return false;
    }
  };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
