import type { ColumnarEvents } from '../../schema/columns.ts';
import type { Predicate } from '../compile/predicate.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { type Bound, bindCondition } from './bind.ts';
import { Census } from './census.ts';
import { type ColumnHits, hitsOfColumn, visitRow } from './column-hits.ts';
import { compileEvaluate, type Evaluate, Frame } from './evaluate.ts';
import { explain, type MatchedTest } from './explain.ts';
import { FieldIndex, type SlotTest } from './field-index.ts';
import type { Hits } from './hits.ts';
import type { EventSchema } from './schema.ts';
import { type CostOf, expectedCost, wakersOf } from './wake.ts';

/** A rule bound to one kind of events. */
interface PlannedRule {
  readonly compiled: CompiledRule;
  readonly bound: Bound;
  readonly evaluate: Evaluate;
}

interface Slot {
  /** Null for any column. */
  readonly column: string | null;
  readonly predicate: Predicate;
}

/** Called for every rule and row that match; `explain` is for the time of the call. */
export type OnMatch = (rule: CompiledRule, row: number, explain: () => readonly MatchedTest[]) => void;
export type OnFault = (rule: CompiledRule, error: unknown) => void;

/**
 * All rules for one kind of events, indexed. A batch costs one look at each distinct value of the tested columns, and
 * per row only where some rule's cheapest necessary test held. What is cheapest is learned from the rows.
 */
export class Plan {
  readonly #rules: PlannedRule[] = [];
  readonly #slots: Slot[] = [];
  readonly #slotIds = new Map<string, number>();
  /** By slot: the rules it wakes. */
  #wakes: readonly (readonly number[])[] = [];
  /** Rules that may match without any test holding. */
  #always: readonly number[] = [];
  /** By column. */
  readonly #indexes = new Map<string, FieldIndex>();
  /** Tests of keywords, for every column of text. */
  readonly #keywords: FieldIndex | null;
  readonly #frame: Frame;
  readonly #census: Census;
  /** By rule: the epoch of the row that woke it. */
  readonly #woken: Uint32Array;
  #candidates: number[] = [];
  readonly #setAside: (compiled: CompiledRule, error: unknown) => void;
  readonly #isSetAside: (compiled: CompiledRule) => boolean;

  constructor(
    rules: readonly CompiledRule[],
    schema: EventSchema,
    setAside: (compiled: CompiledRule, error: unknown) => void,
    isSetAside: (compiled: CompiledRule) => boolean,
  ) {
    this.#setAside = setAside;
    this.#isSetAside = isSetAside;
    const bounds = rules.map((compiled) => ({
      compiled,
      bound: bindCondition(compiled.condition, schema, (column, predicate) =>
        this.#slotOf(column, predicate),
      ),
    }));
    const live = bounds.filter(({ bound }) => bound.op !== 'constant' || bound.value);
    this.#frame = new Frame(this.#slots.length);
    this.#census = new Census(this.#slots.length);
    this.#rules = live.map((b) => ({ ...b, evaluate: compileEvaluate(b.bound, this.#frame) }));
    this.#woken = new Uint32Array(this.#rules.length);
    this.#planWaking(expectedCost);
    this.#keywords = this.#planIndexes();
  }

  get ruleCount(): number {
    return this.#rules.length;
  }

  match(events: ColumnarEvents, onMatch: OnMatch): void {
    if (this.#rules.length === 0 || events.count === 0) return;
    const columns = this.#lookUp(events);
    if (this.#census.take(columns, events.count)) {
      this.#planWaking(this.#seenCost);
      this.#forget();
    }
    const waking = columns.filter(({ wakes }) => wakes);
    if (waking.length === 0 && this.#always.length === 0) return;
    this.#frame.events = events;
    for (let row = 0; row < events.count; row++) {
      this.#wakeRow(row, waking);
      if (this.#candidates.length > 0) this.#matchRow(row, events, columns, onMatch);
    }
    this.#frame.events = null;
  }

  #lookUp(events: ColumnarEvents): readonly ColumnHits[] {
    const found: ColumnHits[] = [];
    for (const [name, column] of events.columns) {
      const own = this.#indexes.get(name);
      const hits = own === undefined ? null : hitsOfColumn(column, own, events.count);
      if (hits !== null) found.push(hits);
      if (this.#keywords === null || (column.kind !== 'string' && column.kind !== 'list')) continue;
      const words = hitsOfColumn(column, this.#keywords, events.count);
      if (words !== null) found.push(words);
    }
    return found;
  }

  /** Gathers the rules that some value of the row wakes. */
  #wakeRow(row: number, waking: readonly ColumnHits[]): void {
    if (this.#frame.begin(row)) this.#woken.fill(0);
    this.#candidates = this.#always.length === 0 ? [] : [...this.#always];
    for (const column of waking) visitRow(column, row, this.#wake);
  }

  readonly #wake = ({ wakes }: Hits): void => {
    const { epoch } = this.#frame;
    for (const rule of wakes) {
      if (this.#woken[rule] === epoch) continue;
      this.#woken[rule] = epoch;
      this.#candidates.push(rule);
    }
  };

  readonly #stamp = (hits: Hits): void => this.#frame.stamp(hits);

  #matchRow(row: number, events: ColumnarEvents, columns: readonly ColumnHits[], onMatch: OnMatch): void {
    for (const column of columns) visitRow(column, row, this.#stamp);
    const matched: number[] = [];
    for (const index of this.#candidates) {
      const { compiled, evaluate } = this.#rules[index]!;
      if (this.#isSetAside(compiled)) continue;
      try {
        if (evaluate()) matched.push(index);
      } catch (error) {
        this.#setAside(compiled, error);
      }
    }
    // Which rule woke first depends on what was seen before; the order of matches must not.
    if (matched.length > 1) matched.sort((a, b) => a - b);
    for (const index of matched) {
      const { compiled, bound } = this.#rules[index]!;
      onMatch(compiled, row, () => explain(bound, events, row));
    }
  }

  /** Equal tests on one column share a slot over all rules. */
  #slotOf(column: string | null, predicate: Predicate): number {
    const key = `${column ?? ''}\0${predicate.test.key}`;
    let id = this.#slotIds.get(key);
    if (id === undefined) {
      id = this.#slots.push({ column, predicate }) - 1;
      this.#slotIds.set(key, id);
    }
    return id;
  }

  #planWaking(costOf: CostOf): void {
    const wakes: number[][] = this.#slots.map(() => []);
    const always: number[] = [];
    this.#rules.forEach(({ bound }, rule) => {
      const wakers = wakersOf(bound, costOf);
      if (wakers === undefined) always.push(rule);
      else for (const slot of new Set(wakers.slots)) wakes[slot]!.push(rule);
    });
    this.#wakes = wakes;
    this.#always = always;
  }

  /** Share of rows a slot was seen in; of those never seen, the one expected to be rarest costs least. */
  readonly #seenCost: CostOf = (bound) => this.#census.frequencyOf(bound.slot) + expectedCost(bound) / 1e6;

  #forget(): void {
    for (const index of this.#indexes.values()) index.forget();
    this.#keywords?.forget();
  }

  /** Makes the index of every tested column; gives that of the keywords. */
  #planIndexes(): FieldIndex | null {
    const used = this.#usedSlots();
    const byColumn = new Map<string | null, SlotTest[]>();
    this.#slots.forEach(({ column, predicate: { test } }, slot) => {
      if (!used.has(slot)) return;
      const tests = byColumn.get(column) ?? [];
      tests.push({ slot, test });
      byColumn.set(column, tests);
    });
    const options = {
      wakesOf: (slot: number) => this.#wakes[slot]!,
      onFault: (slot: number, error: unknown) => this.#faultOf(slot, error),
    };
    for (const [column, tests] of byColumn)
      if (column !== null) this.#indexes.set(column, new FieldIndex(tests, options));
    const keywords = byColumn.get(null);
    return keywords === undefined ? null : new FieldIndex(keywords, options);
  }

  /** Slots of rules that can match at all. */
  #usedSlots(): ReadonlySet<number> {
    const used = new Set<number>();
    for (const { bound } of this.#rules) for (const slot of slotsOf(bound)) used.add(slot);
    return used;
  }

  #faultOf(slot: number, error: unknown): void {
    for (const { compiled, bound } of this.#rules) {
      if (slotsOf(bound).includes(slot)) this.#setAside(compiled, error);
    }
  }
}

function slotsOf(bound: Bound): readonly number[] {
  if (bound.op === 'slot') return [bound.slot];
  if (bound.op === 'not') return slotsOf(bound.of);
  return bound.op === 'at-least' ? bound.of.flatMap(slotsOf) : [];
}
