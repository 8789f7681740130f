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
import { existence, presence, textTest } from '../value-tests/text.ts';
import { timePartTest } from '../value-tests/time-part.ts';
import { type Bool, Predicate, type Saying, textOf } from './predicate.ts';

/** Values of placeholders by name. */
export type ValueLists = ReadonlyMap<string, readonly string[]>;

/** Turns one item into a condition over predicates; undefined and a problem when a value or modifier is not taken. */
export function compileItem(
  item: Item,
  selection: string,
  lists: ValueLists,
  problems: ProblemSink,
): Bool | undefined {
  for (const name of item.modifiers) {
    if (modifiers.has(name)) continue;
    return problems.refuse('rule.invalid', item.place, `\`${name}\` is not a modifier of Sigma 2.1.`);
  }
  const wrong = combinationProblem(item);
  if (wrong !== undefined) return problems.refuse('rule.invalid', item.place, `${named(item)}: ${wrong}.`);
  for (const advice of discouraged(item))
    problems.warn('rule.discouraged', item.place, `${named(item)}: ${advice}.`);
  const flags: ItemFlags = { all: false, cased: false, neq: false };
  for (const name of item.modifiers) modifiers.get(name)?.mark?.(flags);
  const isRegex = item.modifiers.includes('re');
  const context: ModifierContext = { flags, isRegex, list: (name) => lists.get(name) };
  const apply = appliers(item);
  const how = howOf(item);
  const of: Bool[] = [];
  for (const value of item.values) {
    const saying = { selection, modifiers: item.modifiers, how, value: value.value };
    const compiled = compileValue({ item, value, saying, apply, context }, problems);
    if (compiled === undefined) return undefined;
    of.push(compiled);
  }
  const joined = join(flags.all && !flags.neq ? 'and' : 'or', of);
  if (!flags.neq) return joined;
  const present = predicate(item, presence, presentIn(item, selection));
  return join('and', [present, { op: 'not', of: joined }]);
}

function named(item: Item): string {
  return `\`${item.field ?? 'keywords'}\``;
}

/** Modifiers with something to apply, in order: left to right, but first those that must see the value as written. */
function appliers(item: Item): readonly Modifier[] {
  const all = item.modifiers
    .flatMap((name) => modifiers.get(name) ?? [])
    .filter((m) => m.apply !== undefined);
  return all.length < 2
    ? all
    : [...all.filter((m) => m.first === true), ...all.filter((m) => m.first !== true)];
}

function join(op: 'and' | 'or', of: readonly Bool[]): Bool {
  return of.length === 1 ? of[0]! : { op, of };
}

/** One value of an item, with what all of its values share. */
interface ItemPart {
  readonly item: Item;
  readonly value: ItemValue;
  readonly saying: Saying;
  readonly apply: readonly Modifier[];
  readonly context: ModifierContext;
}

function compileValue(part: ItemPart, problems: ProblemSink): Bool | undefined {
  const { item, value, context } = part;
  try {
    let drafts: readonly Draft[] = [draftOf(value)];
    for (const { apply } of part.apply) {
      if (apply !== undefined)
        drafts =
          drafts.length === 1 ? apply(drafts[0]!, context) : drafts.flatMap((draft) => apply(draft, context));
    }
    if (drafts.length === 1) return boolOf(drafts[0]!, part);
    return {
      op: 'or',
      of: drafts.map((draft) => boolOf(draft, part)),
    };
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

/** What alerts quote of the modifiers, as the rule has them. */
function howOf({ field, modifiers: names }: Item): string {
  const said = names.filter((name) => name !== 'all');
  if (said.length > 0) return said.join('|');
  return field === null ? 'contains' : 'is';
}

function presentIn({ modifiers: names }: Item, selection: string): Saying {
  return { selection, modifiers: names, how: 'is present', value: undefined };
}

function predicate({ field }: Item, test: Test, saying: Saying): Bool {
  return { op: 'predicate', predicate: new Predicate(field, test, saying) };
}

function comparing({ how, bound, part }: Draft & { kind: 'compare' }): Test {
  return part === null ? compareTest(how, bound) : timePartTest(part, how, bound);
}

function boolOf(draft: Draft, { item, saying, context: { flags } }: ItemPart): Bool {
  const { selection } = saying;
  switch (draft.kind) {
    case 'text':
    case 'bytes': {
      const own = draft.kind === 'text' ? draft.pattern : [Buffer.from(draft.bytes).toString('latin1')];
      const pattern = item.field === null ? joinPattern(own, true, true) : own;
      return predicate(item, textTest(pattern, flags.cased), saying);
    }
    case 'null':
      return { op: 'not', of: predicate(item, presence, presentIn(item, selection)) };
    case 'exists': {
      const present = predicate(item, existence, presentIn(item, selection));
      return draft.wanted ? present : { op: 'not', of: present };
    }
    case 'regex':
      return predicate(
        item,
        regexTest(draft.source, draft.flags, item.regexFacts?.get(draft.source)),
        saying,
      );
    case 'network':
      return predicate(item, cidrTest(draft.network), saying);
    case 'compare':
      return predicate(item, comparing(draft), saying);
    case 'field': {
      if (item.field === null) throw new ModifierRefusal('`fieldref` needs a field');
      const { name: other, before, after } = draft;
      const said = { selection, modifiers: item.modifiers, text: textOf(saying) };
      const comparison = { field: item.field, other, before, after, cased: flags.cased, ...said };
      return { op: 'compare-fields', comparison };
    }
  }
}
