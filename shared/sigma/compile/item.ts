import type { Item, ItemValue } from '../document.ts';
import { combinationProblem, discouraged } from '../modifiers/combination.ts';
import {
  type Draft,
  type ItemFlags,
  type Modifier,
  type ModifierContext,
  ModifierRefusal,
  textDraft,
} from '../modifiers/modifier.ts';
import { modifiers } from '../modifiers/registry.ts';
import { joinPattern, parsePattern } from '../pattern.ts';
import type { ProblemSink } from '../problem.ts';
import { RegexRefusal } from '../regex/parse.ts';
import { cidrTest } from '../value-tests/cidr.ts';
import { compareTest } from '../value-tests/compare.ts';
import { regexTest } from '../value-tests/regex.ts';
import type { Test } from '../value-tests/test.ts';
import { presence, textTest } from '../value-tests/text.ts';
import { timePartTest } from '../value-tests/time-part.ts';
import type { Bool } from './predicate.ts';

/** Values of placeholders by name. */
export type ValueLists = ReadonlyMap<string, readonly string[]>;

/** Turns one item into a condition over predicates; undefined and a problem when a value or modifier is not taken. */
export function compileItem(
  item: Item,
  selection: string,
  lists: ValueLists,
  problems: ProblemSink,
): Bool | undefined {
  const chain = item.modifiers.map((name) => ({ name, modifier: modifiers.get(name) }));
  for (const { name, modifier } of chain) {
    if (modifier !== undefined) continue;
    return problems.refuse('rule.invalid', item.place, `\`${name}\` is not a modifier of Sigma 2.1.`);
  }
  const wrong = combinationProblem(item);
  if (wrong !== undefined) return problems.refuse('rule.invalid', item.place, `${named(item)}: ${wrong}.`);
  for (const advice of discouraged(item))
    problems.warn('rule.discouraged', item.place, `${named(item)}: ${advice}.`);
  const flags: ItemFlags = { all: false, cased: false, neq: false };
  for (const { modifier } of chain) modifier?.mark?.(flags);
  const isRegex = item.modifiers.includes('re');
  const context: ModifierContext = { flags, isRegex, list: (name) => lists.get(name) };
  const of: Bool[] = [];
  for (const value of item.values) {
    const compiled = compileValue(item, value, selection, context, problems);
    if (compiled === undefined) return undefined;
    of.push(compiled);
  }
  const joined = join(flags.all && !flags.neq ? 'and' : 'or', of);
  if (!flags.neq) return joined;
  return join('and', [predicate(item, presence, selection, 'is present'), { op: 'not', of: joined }]);
}

function named(item: Item): string {
  return `\`${item.field ?? 'keywords'}\``;
}

/** Modifiers in the order they apply: left to right, but first those that must see the value as written. */
function appliers(item: Item): readonly Modifier[] {
  const all = item.modifiers.flatMap((name) => modifiers.get(name) ?? []);
  return [...all.filter((m) => m.first === true), ...all.filter((m) => m.first !== true)];
}

function join(op: 'and' | 'or', of: readonly Bool[]): Bool {
  return of.length === 1 ? of[0]! : { op, of };
}

function compileValue(
  item: Item,
  value: ItemValue,
  selection: string,
  context: ModifierContext,
  problems: ProblemSink,
): Bool | undefined {
  try {
    let drafts: readonly Draft[] = [draftOf(value)];
    for (const { apply } of appliers(item)) {
      if (apply !== undefined) drafts = drafts.flatMap((draft) => apply(draft, context));
    }
    const text = testText(item, value);
    return join(
      'or',
      drafts.map((draft) => boolOf(draft, item, selection, context.flags, text)),
    );
  } catch (error) {
    if (error instanceof RegexRefusal) {
      const code = error.unsafe ? 'rule.regex_unsafe' : 'rule.invalid';
      return problems.refuse(code, value.place, `The regular expression is refused: ${error.message}.`);
    }
    if (!(error instanceof ModifierRefusal)) throw error;
    return problems.refuse(error.code, value.place, `${named(item)}: ${error.message}.`);
  }
}

function draftOf({ value }: ItemValue): Draft {
  if (value === null) return { kind: 'null' };
  const raw = String(value);
  return textDraft(raw, typeof value === 'string' ? parsePattern(raw) : [raw]);
}

/** What alerts quote: the modifiers and the value, as the rule has them. */
function testText(item: Item, { value }: ItemValue): string {
  const said = item.modifiers.filter((name) => name !== 'all');
  const how = said.length > 0 ? said.join('|') : item.field === null ? 'contains' : 'is';
  return value === null ? `${how} null` : `${how} '${String(value)}'`;
}

function predicate(item: Item, test: Test, selection: string, text: string): Bool {
  return { op: 'predicate', predicate: { field: item.field, test, selection, text } };
}

function comparing({ how, bound, part }: Draft & { kind: 'compare' }): Test {
  return part === null ? compareTest(how, bound) : timePartTest(part, how, bound);
}

function boolOf(draft: Draft, item: Item, selection: string, flags: ItemFlags, text: string): Bool {
  switch (draft.kind) {
    case 'text': {
      const pattern = item.field === null ? joinPattern(draft.pattern, true, true) : draft.pattern;
      return predicate(item, textTest(pattern, flags.cased), selection, text);
    }
    case 'bytes': {
      const latin = Buffer.from(draft.bytes).toString('latin1');
      return predicate(item, textTest([latin], flags.cased), selection, text);
    }
    case 'null':
      return { op: 'not', of: predicate(item, presence, selection, 'is present') };
    case 'exists': {
      const present = predicate(item, presence, selection, 'is present');
      return draft.wanted ? present : { op: 'not', of: present };
    }
    case 'regex':
      return predicate(item, regexTest(draft.source, draft.flags), selection, text);
    case 'network':
      return predicate(item, cidrTest(draft.network), selection, text);
    case 'compare':
      return predicate(item, comparing(draft), selection, text);
    case 'field': {
      if (item.field === null) throw new ModifierRefusal('`fieldref` needs a field');
      const { name: other, before, after } = draft;
      const comparison = { field: item.field, other, before, after, cased: flags.cased, selection, text };
      return { op: 'compare-fields', comparison };
    }
  }
}
