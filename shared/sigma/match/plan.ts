import type { ColumnarEvents } from '../../schema/columns.ts';
import type { Predicate } from '../compile/predicate.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { type Bound, bindCondition } from './bind.ts';
import { type ColumnHits, hitsOfColumn } from './column-hits.ts';
import { compileEvaluate, type Evaluate, Frame } from './evaluate.ts';
import { explain, type MatchedTest } from './explain.ts';
import { FieldIndex, type Hits, type SlotTest } from './field-index.ts';
import type { EventSchema } from './schema.ts';
import { wakersOf } from './wake.ts';

/** A rule bound to an event type. */
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
 * All rules for one event type, indexed. A batch costs one look at each distinct value of the tested columns, and
 * per row only where some rule's cheapest necessary test held.
 */
export class Plan {
  readonly #rules: PlannedRule[] = [];
  readonly #slots: Slot[] = [];
  readonly #slotIds = new Map<string, number>();
  /** By slot: the rules it wakes. */
  readonly #wakes: number[][] = [];
  /** Rules that may match without any test holding. */
  readonly #always: number[] = [];
  /** By column. */
  readonly #indexes = new Map<string, FieldIndex>();
  /** Tests of keywords, for every column of text. */
  readonly #keywords: FieldIndex | null;
  readonly #frame: Frame;
  readonly #woken: Uint32Array;
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
    this.#rules = live.map((b) => ({ ...b, evaluate: compileEvaluate(b.bound, this.#frame) }));
    this.#woken = new Uint32Array(this.#rules.length);
    this.#planWaking();
    this.#keywords = this.#planIndexes();
  }

  get ruleCount(): number {
    return this.#rules.length;
  }

  match(events: ColumnarEvents, onMatch: OnMatch): void {
    if (this.#rules.length === 0) return;
    const hits: ColumnHits[] = [];
    for (const [name, column] of events.columns) {
      const own = this.#indexes.get(name);
      const found = own === undefined ? null : hitsOfColumn(column, own, events.count);
      if (found !== null) hits.push(found);
      if (this.#keywords === null || (column.kind !== 'string' && column.kind !== 'list')) continue;
      const words = hitsOfColumn(column, this.#keywords, events.count);
      if (words !== null) hits.push(words);
    }
    const awake = new Uint8Array(events.count);
    if (this.#always.length > 0) awake.fill(1);
    else if (!hits.some((h) => h.wakes)) return;
    for (const column of hits) if (column.wakes) column.wake(awake);
    this.#frame.events = events;
    for (let row = 0; row < events.count; row++)
      if (awake[row] === 1) this.#matchRow(row, events, hits, onMatch);
    this.#frame.events = null;
  }

  #matchRow(row: number, events: ColumnarEvents, columns: readonly ColumnHits[], onMatch: OnMatch): void {
    if (this.#frame.begin(row)) this.#woken.fill(0);
    const candidates = [...this.#always];
    const stamp = (hits: Hits) => {
      this.#frame.stamp(hits);
      if (!hits.wakes) return;
      this.#wake(hits.slots, candidates);
      this.#wake(hits.maybe, candidates);
    };
    for (const column of columns) column.visit(row, stamp);
    for (const index of candidates) {
      const { compiled, bound, evaluate } = this.#rules[index]!;
      if (this.#isSetAside(compiled)) continue;
      try {
        if (evaluate()) onMatch(compiled, row, () => explain(bound, events, row));
      } catch (error) {
        this.#setAside(compiled, error);
      }
    }
  }

  #wake(slots: Int32Array, candidates: number[]): void {
    const { epoch } = this.#frame;
    for (const slot of slots) {
      for (const rule of this.#wakes[slot]!) {
        if (this.#woken[rule] === epoch) continue;
        this.#woken[rule] = epoch;
        candidates.push(rule);
      }
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

  #planWaking(): void {
    for (const _ of this.#slots) this.#wakes.push([]);
    this.#rules.forEach(({ bound }, rule) => {
      const wakers = wakersOf(bound);
      if (wakers === undefined) this.#always.push(rule);
      else for (const slot of new Set(wakers.slots)) this.#wakes[slot]!.push(rule);
    });
  }

  /** Makes the index of every tested column; gives that of the keywords. */
  #planIndexes(): FieldIndex | null {
    const used = this.#usedSlots();
    const byColumn = new Map<string | null, SlotTest[]>();
    this.#slots.forEach(({ column, predicate: { test } }, slot) => {
      if (!used.has(slot)) return;
      const tests = byColumn.get(column) ?? [];
      tests.push({ slot, test, wakes: this.#wakes[slot]!.length > 0 });
      byColumn.set(column, tests);
    });
    const fault = (slot: number, error: unknown) => this.#faultOf(slot, error);
    for (const [column, tests] of byColumn)
      if (column !== null) this.#indexes.set(column, new FieldIndex(tests, fault));
    const keywords = byColumn.get(null);
    return keywords === undefined ? null : new FieldIndex(keywords, fault);
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
