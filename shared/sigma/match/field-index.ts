import { fold } from '../fold.ts';
import { Value } from '../value.ts';
import { isSure, type Test } from '../value-tests/test.ts';
import { AffixTree } from './affix-tree.ts';
import { Hits } from './hits.ts';
import { LiteralIndex } from './literal-index.ts';
import { NetworkIndex } from './network-index.ts';
import { ValueMemory } from './value-memory.ts';

export interface SlotTest {
  readonly slot: number;
  readonly test: Test;
}

export interface IndexOptions {
  /** Conditions that a slot wakes; when they change, `forget` must be called. */
  readonly wakesOf: (slot: number) => readonly number[];
  /** A test threw. */
  readonly onFault: (slot: number, error: unknown) => void;
}

/**
 * All tests on one field: one map of whole values, one tree each of beginnings and ends, and one automaton over every
 * other literal, so that a value is read once however many tests there are. What holds for a value is remembered.
 */
export class FieldIndex {
  readonly #tests: readonly SlotTest[];
  readonly #o: IndexOptions;
  readonly #exact = new Map<string, number[]>();
  readonly #networks = new NetworkIndex();
  readonly #starts = new AffixTree(false);
  readonly #ends = new AffixTree(true);
  readonly #literals: LiteralIndex | null;
  /** By literal of the automaton: who asked for it. */
  readonly #askers: readonly (readonly number[])[];
  /** Found with every value: tests of presence, and those no index helps. */
  readonly #always: readonly number[];
  /** By entry: 1 when being found is enough. */
  readonly #sure: Uint8Array;
  /** Pass in which an entry was last found; spares finding it twice in one value. */
  readonly #found: Uint32Array;
  #pass = 0;
  #entries: number[] = [];
  readonly #memory = new ValueMemory<Hits | null>();

  constructor(tests: readonly SlotTest[], options: IndexOptions) {
    this.#tests = tests;
    this.#o = options;
    this.#found = new Uint32Array(tests.length);
    this.#sure = Uint8Array.from(tests, ({ test }) => (isSure(test.hint) ? 1 : 0));
    const anywhere = new Map<string, number[]>();
    const always: number[] = [];
    tests.forEach(({ test: { hint } }, entry) => {
      if (hint.by === 'network') this.#networks.add(hint.network, entry);
      else if (hint.by === 'exact') push(this.#exact, hint.text, entry);
      else if (hint.by !== 'literal') always.push(entry);
      else if (hint.at === 'anywhere') for (const text of hint.texts) push(anywhere, text, entry);
      else for (const text of hint.texts) (hint.at === 'start' ? this.#starts : this.#ends).add(text, entry);
    });
    this.#always = always;
    this.#askers = [...anywhere.values()];
    this.#literals = anywhere.size > 0 ? new LiteralIndex([...anywhere.keys()]) : null;
  }

  /** Whether it was made of exactly these tests, in this order. */
  has(tests: readonly SlotTest[]): boolean {
    return tests.length === this.#tests.length && tests.every(({ slot }, i) => slot === this.#tests[i]!.slot);
  }

  /** The slots that hold for a value; null when none does. */
  find(value: string): Hits | null {
    return this.#memory.of(value, this.#search);
  }

  /** To be called when what slots wake has changed. */
  forget(): void {
    this.#memory.clear();
  }

  readonly #search = (value: string): Hits | null => {
    const folded = fold(value);
    if (++this.#pass === 0xffff_ffff) {
      this.#found.fill(0);
      this.#pass = 1;
    }
    this.#entries = [];
    for (const entry of this.#exact.get(folded) ?? none) this.#add(entry);
    this.#starts.find(folded, this.#add);
    this.#ends.find(folded, this.#add);
    this.#literals?.scan(folded, this.#addAskers);
    this.#networks.find(value, this.#add);
    for (const entry of this.#always) this.#add(entry);
    return this.#entries.length === 0 ? null : this.#hitsOf(this.#entries, value);
  };

  readonly #add = (entry: number): void => {
    if (this.#found[entry] === this.#pass) return;
    this.#found[entry] = this.#pass;
    this.#entries.push(entry);
  };

  readonly #addAskers = (text: number): void => {
    for (const entry of this.#askers[text]!) this.#add(entry);
  };

  #hitsOf(entries: readonly number[], value: string): Hits {
    const slots: number[] = [];
    const open: number[] = [];
    const openEntries: number[] = [];
    const wakes: number[] = [];
    for (const entry of entries) {
      const { slot } = this.#tests[entry]!;
      if (this.#sure[entry] === 1) slots.push(slot);
      else {
        open.push(slot);
        openEntries.push(entry);
      }
      for (const condition of this.#o.wakesOf(slot)) wakes.push(condition);
    }
    const asked = new Value(value);
    return new Hits(slots, open, wakes, (i) => this.#ask(openEntries[i]!, asked));
  }

  #ask(entry: number, value: Value): boolean {
    const { slot, test } = this.#tests[entry]!;
    try {
      return test.holds(value);
    } catch (error) {
      this.#o.onFault(slot, error);
      return false;
    }
  }
}

const none: readonly number[] = [];

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
