import type { Condition, Item, ItemValue, Search } from '../document.ts';
import type { ProblemSink } from '../problem.ts';
import { parseCondition } from './condition.ts';
import { entryOf, type MapEntry, type MapTree, type Tree } from './tree.ts';

/** Keys of `detection` that are no selections; `timeframe` is left from Sigma 1. */
const reserved: readonly string[] = ['condition', 'timeframe'];

export interface Detection {
  readonly searches: ReadonlyMap<string, Search>;
  readonly condition: Condition;
}

/** Reads a `detection` section: searches by name, and the condition over them. `others` are keys that are neither. */
export function parseDetection(
  tree: MapTree,
  problems: ProblemSink,
  others: readonly string[] = [],
): Detection | undefined {
  const before = problems.errorCount;
  const searches = new Map<string, Search>();
  for (const { key, value } of tree.entries) {
    if (reserved.includes(key) || others.includes(key)) continue;
    const search = parseSearch(value, problems);
    if (search !== undefined) searches.set(key, search);
  }
  if (entryOf(tree, 'timeframe') !== undefined)
    problems.refuse('rule.unsupported', tree, '`timeframe` was replaced by correlations in Sigma 2.');
  if (problems.errorCount > before) return undefined;
  const entry = entryOf(tree, 'condition');
  if (entry === undefined) return problems.refuse('rule.not_sigma', tree, 'The detection has no condition.');
  const condition = parseConditions(entry, [...searches.keys()], problems);
  return condition === undefined ? undefined : { searches, condition };
}

function parseConditions(
  entry: MapEntry,
  names: readonly string[],
  problems: ProblemSink,
): Condition | undefined {
  const trees = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const of: Condition[] = [];
  for (const tree of trees) {
    if (tree.kind !== 'scalar' || typeof tree.value !== 'string')
      return problems.refuse('rule.invalid', tree, 'A condition is not a text.');
    const condition = parseCondition(tree.value, tree, names, problems);
    if (condition === undefined) return undefined;
    of.push(condition);
  }
  if (of.length === 0)
    return problems.refuse('rule.invalid', entry.keyPlace, 'The list of conditions is empty.');
  return of.length === 1 ? of[0] : { op: 'or', of };
}

/** A map is all of its items; a list is any of its maps and keywords; a lone value is a keyword. */
export function parseSearch(tree: Tree, problems: ProblemSink): Search | undefined {
  if (tree.kind === 'map') return parseMap(tree, problems);
  if (tree.kind === 'scalar') return keywords([{ value: tree.value, place: tree }], tree);
  const words: ItemValue[] = [];
  const of: Search[] = [];
  for (const item of tree.items) {
    if (item.kind === 'scalar') words.push({ value: item.value, place: item });
    else {
      const search = parseSearch(item, problems);
      if (search === undefined) return undefined;
      of.push(search);
    }
  }
  if (words.length > 0) of.push(keywords(words, tree));
  if (of.length === 0) return problems.refuse('rule.invalid', tree, 'A selection is empty.');
  return of.length === 1 ? of[0] : { kind: 'any', of };
}

function keywords(values: readonly ItemValue[], place: Tree): Search {
  return { kind: 'item', item: { field: null, modifiers: [], values, place } };
}

function parseMap(tree: MapTree, problems: ProblemSink): Search | undefined {
  const of: Search[] = [];
  for (const entry of tree.entries) {
    const item = parseItem(entry, problems);
    if (item === undefined) return undefined;
    of.push({ kind: 'item', item });
  }
  if (of.length === 0) return problems.refuse('rule.invalid', tree, 'A selection is empty.');
  return of.length === 1 ? of[0] : { kind: 'all', of };
}

function parseItem(entry: MapEntry, problems: ProblemSink): Item | undefined {
  const [field = '', ...modifiers] = entry.key.split('|');
  const trees = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const values: ItemValue[] = [];
  for (const tree of trees) {
    if (tree.kind !== 'scalar')
      return problems.refuse('rule.invalid', tree, `A value of \`${entry.key}\` is a list or a map.`);
    values.push({ value: tree.value, place: tree });
  }
  if (values.length === 0)
    return problems.refuse('rule.invalid', entry.keyPlace, `\`${entry.key}\` has no values.`);
  return { field: field === '' ? null : field, modifiers, values, place: entry.keyPlace };
}
