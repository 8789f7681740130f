/** Rules that do not exist: each is a real one that looks for something else, so that the index has more to hold. */
import type { Condition, DetectionRule, Item, Search, SigmaDocument } from '#shared/sigma/index.ts';
import type { Random } from './templates.ts';

/**
 * `times` - 1 variants of every rule, after the rules themselves. A variant excludes what the rule excludes. Of the
 * items of every map it keeps about half, say the program, and looks for other values in the rest, at least in one.
 */
export function withVariants(
  documents: readonly SigmaDocument[],
  times: number,
  random: Random,
): readonly SigmaDocument[] {
  const rules = documents.filter((d): d is DetectionRule => d.kind === 'rule');
  const out: SigmaDocument[] = [...documents];
  for (let k = 1; k < times; k++) for (const rule of rules) out.push(variant(rule, k, random));
  return out;
}

function variant(rule: DetectionRule, k: number, random: Random): DetectionRule {
  const excluded = new Set(negated(rule.condition, false));
  const searches = [...rule.searches].map(([name, search]): [string, Search] => [
    name,
    excluded.has(name) ? search : changed(search, random),
  ]);
  const title = `${rule.title} (${k})`;
  return { ...rule, id: `${rule.id}/${k}`, name: null, title, searches: new Map(searches) };
}

/** Names of the selections under `not`. */
function negated(condition: Condition, under: boolean): readonly string[] {
  if (condition.op === 'selection') return under ? [condition.name] : [];
  if (condition.op === 'not') return negated(condition.of, !under);
  return condition.of.flatMap((part) => negated(part, under));
}

function changed(search: Search, random: Random): Search {
  if (search.kind === 'item') return { kind: 'item', item: changedItem(search.item, random) };
  if (search.kind === 'any') return { ...search, of: search.of.map((part) => changed(part, random)) };
  const sure = Math.floor(random() * search.of.length);
  return {
    ...search,
    of: search.of.map((part, i) => (i === sure || random() < 0.5 ? changed(part, random) : part)),
  };
}

/** Values of these have a form of their own. */
const fixed = new Set(['re', 'cidr', 'exists', 'expand', 'fieldref', 'lt', 'lte', 'gt', 'gte']);

function changedItem(item: Item, random: Random): Item {
  if (item.modifiers.some((m) => fixed.has(m))) return item;
  return { ...item, values: item.values.map((value) => changedValue(value, random)) };
}

/** One letter or digit becomes another letter; a number another number. */
function changedValue(value: Item['values'][number], random: Random): Item['values'][number] {
  if (typeof value.value === 'number')
    return { ...value, value: value.value + 1 + Math.floor(random() * 50) };
  if (typeof value.value !== 'string') return value;
  const letters = [...value.value.matchAll(/[a-z0-9]/gi)];
  const at = letters[Math.floor(random() * letters.length)]?.index;
  if (at === undefined) return value;
  const others = [...'abcdefghijklmnopqrstuvwxyz'].filter(
    (c) => c !== value.value?.toString()[at]?.toLowerCase(),
  );
  const letter = others[Math.floor(random() * others.length)];
  return { ...value, value: `${value.value.slice(0, at)}${letter}${value.value.slice(at + 1)}` };
}
