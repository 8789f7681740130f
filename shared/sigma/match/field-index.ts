import { fold } from '../fold.ts';
import type { IndexHint, Test } from '../tests/test.ts';
import { AhoCorasick } from './aho-corasick.ts';

/** The slots that hold for one value. */
export interface Hits {
  readonly slots: Int32Array;
  /** Whether any of them wakes a rule. */
  readonly wakes: boolean;
}

export interface SlotTest {
  readonly slot: number;
  readonly test: Test;
  readonly wakes: boolean;
}

/** Values remembered per field and generation, two generations at once, and the longest value worth remembering. */
export const memoryBounds = { values: 4_096, length: 2_048 } as const;

type Placed = { readonly entry: number; readonly at: 'start' | 'end' | 'anywhere'; readonly sure: boolean };

/**
 * All tests on one field: one map of whole values and one automaton over every literal, so that a value is read once
 * however many tests there are. What holds for a value is remembered.
 */
export class FieldIndex {
  readonly #tests: readonly SlotTest[];
  readonly #exact = new Map<string, number[]>();
  readonly #sureExact = new Map<string, number[]>();
  readonly #literals: AhoCorasick | null;
  /** By literal: who asked for it. */
  readonly #placed: readonly (readonly Placed[])[];
  readonly #scanned: readonly number[];
  readonly #present: readonly number[];
  readonly #onFault: (slot: number, error: unknown) => void;
  /** Pass in which an entry was last decided; spares asking twice of one value. */
  readonly #decided: Uint32Array;
  #pass = 0;
  #young = new Map<string, Hits | null>();
  #old = new Map<string, Hits | null>();

  constructor(tests: readonly SlotTest[], onFault: (slot: number, error: unknown) => void) {
    this.#tests = tests;
    this.#onFault = onFault;
    this.#decided = new Uint32Array(tests.length);
    const byText = new Map<string, Placed[]>();
    const by = (kind: IndexHint['by']) =>
      tests.flatMap((t, entry) => (t.test.hint.by === kind ? [entry] : []));
    this.#scanned = by('scan');
    this.#present = by('presence');
    tests.forEach(({ test: { hint } }, entry) => {
      if (hint.by === 'exact') push(hint.sure ? this.#sureExact : this.#exact, hint.text, entry);
      if (hint.by === 'literal')
        for (const text of hint.texts) push(byText, text, { entry, at: hint.at, sure: hint.sure });
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
    const slots: number[] = [];
    let wakes = false;
    if (++this.#pass === 0xffff_ffff) {
      this.#decided.fill(0);
      this.#pass = 1;
    }
    const decide = (entry: number, sure: boolean) => {
      if (this.#decided[entry] === this.#pass) return;
      this.#decided[entry] = this.#pass;
      if (!sure && !this.#holds(entry, value, folded)) return;
      slots.push(this.#tests[entry]!.slot);
      wakes ||= this.#tests[entry]!.wakes;
    };
    for (const entry of this.#sureExact.get(folded) ?? []) decide(entry, true);
    for (const entry of this.#exact.get(folded) ?? []) decide(entry, false);
    this.#literals?.scan(folded, (text, end) => {
      for (const { entry, at, sure } of this.#placed[text]!) {
        if (at === 'start' && end !== this.#literals!.lengthOf(text)) continue;
        if (at === 'end' && end !== folded.length) continue;
        decide(entry, sure);
      }
    });
    for (const entry of this.#present) decide(entry, true);
    for (const entry of this.#scanned) decide(entry, false);
    return slots.length === 0 ? null : { slots: Int32Array.from(slots), wakes };
  }

  #holds(entry: number, value: string, folded: string): boolean {
    const { slot, test } = this.#tests[entry]!;
    try {
      return test.holds(value, folded);
    } catch (error) {
      this.#onFault(slot, error);
      return false;
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
