import type { Bool, Predicate } from '../compile/predicate.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { bindRule } from '../match/bind.ts';
import type { EventSchema } from '../match/schema.ts';
import { Slots } from '../match/slots.ts';
import { wakersOf } from '../match/wake.ts';
import type { IndexHint } from '../value-tests/test.ts';

/** A test as it was compiled, with how an index finds the values it may hold for. */
export interface TestForm {
  readonly kind: 'test';
  /** As rules name it; null for keywords. */
  readonly field: string | null;
  readonly selection: string;
  /** What the rule says. */
  readonly says: string;
  readonly index: HintForm;
}

/** `sure`: what the index finds holds; otherwise the test itself decides. */
export interface HintForm {
  readonly by: IndexHint['by'];
  readonly texts?: readonly string[];
  readonly at?: 'start' | 'end' | 'anywhere';
  readonly sure: boolean;
}

/** The condition as a tree over tests, modifiers worked out. */
export type ConditionForm =
  | TestForm
  | {
      readonly kind: 'field comparison';
      readonly field: string;
      readonly other: string;
      readonly selection: string;
      readonly says: string;
    }
  | { readonly kind: 'not'; readonly of: ConditionForm }
  | { readonly kind: 'and' | 'or'; readonly of: readonly ConditionForm[] }
  | { readonly kind: 'at least'; readonly least: number; readonly of: readonly ConditionForm[] };

export function conditionForm(bool: Bool): ConditionForm {
  switch (bool.op) {
    case 'predicate':
      return testForm(bool.predicate);
    case 'compare-fields': {
      const { field, other, selection, text } = bool.comparison;
      return { kind: 'field comparison', field, other, selection, says: text };
    }
    case 'not':
      return { kind: 'not', of: conditionForm(bool.of) };
    case 'at-least':
      return { kind: 'at least', least: bool.least, of: bool.of.map(conditionForm) };
    default:
      return { kind: bool.op, of: bool.of.map(conditionForm) };
  }
}

function testForm({ field, selection, text, test }: Predicate): TestForm {
  return { kind: 'test', field, selection, says: text, index: hintForm(test.hint) };
}

function hintForm(hint: IndexHint): HintForm {
  switch (hint.by) {
    case 'exact':
      return { by: hint.by, texts: [hint.text], sure: hint.sure };
    case 'literal':
      return { by: hint.by, texts: hint.texts, at: hint.at, sure: hint.sure };
    case 'network':
    case 'presence':
    case 'existence':
      return { by: hint.by, sure: true };
    case 'scan':
      return { by: hint.by, sure: false };
  }
}

/** What makes a rule be looked at for an event: the tests of which one must hold, or nothing less than every event. */
export type Wakes = 'every event' | 'no event' | readonly TestForm[];

/** What wakes a rule on events of a schema before anything is known of how frequent values are. */
export function wakesOf(compiled: CompiledRule, schema: EventSchema): Wakes {
  const slots = new Slots();
  const wakers = wakersOf(bindRule(compiled, schema, slots));
  if (wakers === undefined) return 'every event';
  if (wakers.slots.length === 0) return 'no event';
  return [...new Set(wakers.slots)].flatMap((slot) => {
    const one = slots.list[slot];
    return one?.kind === 'test' ? [testForm(one.predicate)] : [];
  });
}
