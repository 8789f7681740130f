import type { ColumnarEvents } from '../../schema/columns.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { type Bound, bindRule } from './bind.ts';
import { type ColumnHits, hitsOfColumn, visitRow } from './column-hits.ts';
import { ConditionCompiler, type Evaluate } from './evaluate.ts';
import { explain, type MatchedTest } from './explain.ts';
import { FieldIndex, type SlotTest } from './field-index.ts';
import { Frame } from './frame.ts';
import type { Hits } from './hits.ts';
import type { EventSchema } from './schema.ts';
import { type Slot, Slots } from './slots.ts';
import { Waking } from './waking.ts';

/** A rule bound to one kind of events. */
interface PlannedRule {
  readonly compiled: CompiledRule;
  readonly bound: Bound;
}

/** A condition, with the rules that have it, by their order. Rules that ask the same are one condition. */
interface PlannedCondition {
  readonly bound: Bound;
  readonly evaluate: Evaluate;
  readonly rules: readonly number[];
}

/** Called for every rule and row that match; `explain` is for the time of the call. */
export type OnMatch = (rule: CompiledRule, row: number, explain: () => readonly MatchedTest[]) => void;
/** Called once for a rule that threw and is set aside, and once with a ValueOverrun for one that passed over a value. */
export type OnFault = (rule: CompiledRule, error: unknown) => void;

/**
 * All rules for one kind of events, indexed. A batch costs one look at each distinct value of the tested columns, and
 * per row only where some rule's rarest necessary test held. Texts that wake no rule are not looked for: they are
 * asked about when a rule that needs them is awake.
 */
export class Plan {
  readonly #rules: readonly PlannedRule[];
  readonly #conditions: readonly PlannedCondition[];
  readonly #slots: readonly Slot[];
  readonly #waking: Waking;
  /** By column; null for keywords, which are looked for in every column of text. */
  readonly #indexes = new Map<string | null, FieldIndex>();
  readonly #frame: Frame;
  /** By condition: the epoch of the row that woke it. */
  readonly #woken: Uint32Array;
  /** Conditions that values of the row woke. */
  readonly #woke: number[] = [];
  /** Conditions that threw, whose rules are set aside. */
  readonly #broken = new Set<number>();
  /** Rules that match the row. */
  readonly #matched: number[] = [];
  readonly #onFault: (compiled: CompiledRule, error: unknown) => void;
  readonly #isSetAside: (compiled: CompiledRule) => boolean;

  constructor(
    rules: readonly CompiledRule[],
    schema: EventSchema,
    onFault: (compiled: CompiledRule, error: unknown) => void,
    isSetAside: (compiled: CompiledRule) => boolean,
  ) {
    this.#onFault = onFault;
    this.#isSetAside = isSetAside;
    const slots = new Slots();
    this.#rules = rules.flatMap((compiled) => {
      const bound = bindRule(compiled, schema, slots);
      return bound.op === 'constant' && !bound.value ? [] : [{ compiled, bound }];
    });
    this.#slots = slots.list;
    this.#frame = new Frame(this.#slots, (slot, error) => this.#faultOf(slot, error));
    this.#conditions = this.#planConditions();
    this.#woken = new Uint32Array(this.#conditions.length);
    this.#frame.onEpochsAnew(() => this.#woken.fill(0));
    this.#waking = new Waking(
      this.#conditions.map(({ bound }) => bound),
      this.#slots.length,
    );
    this.#planIndexes();
  }

  /** Whether any rule can match events of this kind. */
  get hasRules(): boolean {
    return this.#rules.length > 0;
  }

  /** Gives whether rows were looked at: not when no value of theirs wakes a rule. */
  match(events: ColumnarEvents, onMatch: OnMatch): boolean {
    if (this.#rules.length === 0 || events.count === 0) return false;
    const columns = this.#lookUp(events);
    this.#frame.open(events);
    const waking = columns.filter(({ wakes }) => wakes);
    const { always } = this.#waking;
    const rows = waking.length === 0 && always.length === 0 ? 0 : events.count;
    for (let row = 0; row < rows; row++) {
      this.#wakeRow(row, waking);
      if (always.length > 0 || this.#woke.length > 0) this.#matchRow(row, events, columns, onMatch);
    }
    this.#frame.open(null);
    if (this.#waking.learn(columns, events.count, this.#frame.indexed)) this.#planIndexes();
    return rows > 0;
  }

  #lookUp(events: ColumnarEvents): readonly ColumnHits[] {
    const found: ColumnHits[] = [];
    const keywords = this.#indexes.get(null);
    for (const [name, column] of events.columns) {
      const own = this.#indexes.get(name);
      const hits = own === undefined ? null : hitsOfColumn(column, own, events.count);
      if (hits !== null) found.push(hits);
      if (keywords === undefined || (column.kind !== 'string' && column.kind !== 'list')) continue;
      const words = hitsOfColumn(column, keywords, events.count);
      if (words !== null) found.push(words);
    }
    return found;
  }

  /** Gathers the conditions that some value of the row wakes. */
  #wakeRow(row: number, waking: readonly ColumnHits[]): void {
    this.#frame.begin(row);
    this.#woke.length = 0;
    for (const column of waking) visitRow(column, row, this.#wake);
  }

  readonly #wake = ({ wakes }: Hits): void => {
    const { epoch } = this.#frame;
    for (const condition of wakes) {
      if (this.#woken[condition] === epoch) continue;
      this.#woken[condition] = epoch;
      this.#woke.push(condition);
    }
  };

  readonly #stamp = (hits: Hits): void => this.#frame.stamp(hits);

  #matchRow(row: number, events: ColumnarEvents, columns: readonly ColumnHits[], onMatch: OnMatch): void {
    for (const column of columns) visitRow(column, row, this.#stamp);
    const matched = this.#matched;
    matched.length = 0;
    this.#evaluate(this.#waking.always);
    this.#evaluate(this.#woke);
    // Which rule woke first depends on what was seen before; the order of matches must not.
    if (matched.length > 1) matched.sort((a, b) => a - b);
    for (const index of matched) {
      const { compiled, bound } = this.#rules[index]!;
      onMatch(compiled, row, () => explain(bound, events, row));
    }
  }

  #evaluate(conditions: readonly number[]): void {
    for (const index of conditions) {
      if (this.#broken.size > 0 && this.#broken.has(index)) continue;
      const { evaluate, rules } = this.#conditions[index]!;
      try {
        if (!evaluate()) continue;
        for (const rule of rules)
          if (!this.#isSetAside(this.#rules[rule]!.compiled)) this.#matched.push(rule);
      } catch (error) {
        this.#broken.add(index);
        for (const rule of rules) this.#onFault(this.#rules[rule]!.compiled, error);
      }
    }
  }

  #planConditions(): readonly PlannedCondition[] {
    const compiler = new ConditionCompiler(
      this.#rules.map(({ bound }) => bound),
      this.#frame,
    );
    const byId = Map.groupBy(this.#rules.keys(), (rule) => compiler.idOf(this.#rules[rule]!.bound));
    return [...byId.values()].map((rules) => {
      const { bound } = this.#rules[rules[0]!]!;
      return { bound, rules, evaluate: compiler.compile(bound) };
    });
  }

  /** Makes the indexes, or makes anew those whose tests have changed. */
  #planIndexes(): void {
    const byColumn = new Map<string | null, SlotTest[]>();
    this.#slots.forEach((slot, id) => {
      const isIndexed = slot.kind === 'test' && this.#isIndexed(slot, id);
      this.#frame.indexed[id] = isIndexed ? 1 : 0;
      if (!isIndexed) return;
      const tests = byColumn.get(slot.column) ?? [];
      tests.push({ slot: id, test: slot.predicate.test });
      byColumn.set(slot.column, tests);
    });
    const options = {
      wakesOf: (slot: number) => this.#waking.of(slot),
      onFault: (slot: number, error: unknown) => this.#faultOf(slot, error),
    };
    for (const column of this.#indexes.keys()) if (!byColumn.has(column)) this.#indexes.delete(column);
    for (const [column, tests] of byColumn) {
      const before = this.#indexes.get(column);
      if (before?.has(tests) === true) before.forget();
      else this.#indexes.set(column, new FieldIndex(tests, options));
    }
  }

  /** What wakes rules must be looked for; of the rest, what is found at little cost. */
  #isIndexed({ column, predicate: { test } }: Slot & { readonly kind: 'test' }, id: number): boolean {
    const { hint } = test;
    if (column === null || this.#waking.of(id).length > 0) return true;
    return hint.by === 'exact' || hint.by === 'network' || (hint.by === 'literal' && hint.at !== 'anywhere');
  }

  #faultOf(slot: number, error: unknown): void {
    for (const { compiled, bound } of this.#rules) {
      if (slotsOf(bound).includes(slot)) this.#onFault(compiled, error);
    }
  }
}

function slotsOf(bound: Bound): readonly number[] {
  if (bound.op === 'slot') return [bound.slot];
  if (bound.op === 'not') return slotsOf(bound.of);
  return bound.op === 'at-least' ? bound.of.flatMap(slotsOf) : [];
}
