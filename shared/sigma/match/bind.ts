import { type Bool, type FieldComparison, Predicate } from '../compile/predicate.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { textTest } from '../value-tests/text.ts';
import type { EventSchema } from './schema.ts';

/** A condition bound to one kind of events: predicates became slots, fields that it lacks became constants. */
export type Bound =
  | { readonly op: 'constant'; readonly value: boolean }
  | {
      readonly op: 'slot';
      readonly slot: number;
      readonly predicate: Predicate;
      readonly column: string | null;
      /** Groups of slots: whenever this one holds, so does at least one of each. */
      readonly needs: readonly (readonly NeededSlot[])[];
    }
  | {
      readonly op: 'compare-fields';
      readonly slot: number;
      readonly comparison: FieldComparison;
      readonly column: string;
      readonly other: string;
    }
  | { readonly op: 'not'; readonly of: Bound }
  /** `and` and `or` are at-least with all and with one. */
  | { readonly op: 'at-least'; readonly least: number; readonly of: readonly Bound[] };

export interface NeededSlot {
  readonly slot: number;
  readonly predicate: Predicate;
}

const never: Bound = { op: 'constant', value: false };

/** Numbers the questions of conditions: equal ones are one slot over all rules. */
export interface SlotNumbers {
  /** Of a test on a column; null for any column of text. */
  ofTest(column: string | null, predicate: Predicate): number;
  ofComparison(column: string, other: string, comparison: FieldComparison): number;
}

/** Binds a rule to the columns of a kind of events: its condition, and its service where each event names its own. */
export function bindRule({ rule, condition }: CompiledRule, schema: EventSchema, slots: SlotNumbers): Bound {
  const bound = bindCondition(condition, schema, slots);
  const column = schema.serviceColumnOf(rule.logsource);
  const { service } = rule.logsource;
  if (column === undefined || service === undefined) return bound;
  const saying = { selection: 'logsource', modifiers: [], how: 'service', value: service };
  const predicate = new Predicate(column, textTest([service], false), saying);
  const named: Bound = { op: 'slot', slot: slots.ofTest(column, predicate), predicate, column, needs: [] };
  return fold([named, bound], 2);
}

/** Binds a condition to the columns of a kind of events. */
function bindCondition(bool: Bool, schema: EventSchema, slots: SlotNumbers): Bound {
  const bind = (part: Bool): Bound => {
    switch (part.op) {
      case 'predicate': {
        const { predicate } = part;
        const column = predicate.field === null ? null : schema.columnOf(predicate.field);
        if (column === undefined) return never;
        const needs = (predicate.test.needs ?? []).map((tests) =>
          tests.map((test) => {
            const needed = predicate.with(test);
            return { slot: slots.ofTest(column, needed), predicate: needed };
          }),
        );
        return { op: 'slot', slot: slots.ofTest(column, predicate), predicate, column, needs };
      }
      case 'compare-fields': {
        const column = schema.columnOf(part.comparison.field);
        const other = schema.columnOf(part.comparison.other);
        if (column === undefined || other === undefined) return never;
        const slot = slots.ofComparison(column, other, part.comparison);
        return { op: 'compare-fields', slot, comparison: part.comparison, column, other };
      }
      case 'not': {
        const of = bind(part.of);
        return of.op === 'constant' ? { op: 'constant', value: !of.value } : { op: 'not', of };
      }
      case 'and':
        return fold(part.of.map(bind), part.of.length);
      case 'or':
        return fold(part.of.map(bind), 1);
      case 'at-least':
        return fold(part.of.map(bind), part.least);
    }
  };
  return bind(bool);
}

/** Takes constants out. */
function fold(parts: readonly Bound[], least: number): Bound {
  const sure = parts.filter((p) => p.op === 'constant' && p.value).length;
  const of = parts.filter((p) => p.op !== 'constant');
  const left = least - sure;
  if (left <= 0) return { op: 'constant', value: true };
  if (left > of.length) return never;
  return of.length === 1 ? of[0]! : { op: 'at-least', least: left, of };
}
