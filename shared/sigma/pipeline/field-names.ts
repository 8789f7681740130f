import type { CorrelationRule, Item, ItemValue, Search } from '../document.ts';
import { PipelineRefusal } from './refusal.ts';
import type { RuleWork, Step } from './rule-work.ts';

/** The names a field becomes; undefined leaves it. Null is the field of keywords. */
export type Rename = (field: string | null) => readonly string[] | undefined;

/**
 * Renames fields everywhere in a document: of items, of `fieldref` values, of what correlations group by and count.
 * Several names for one are alternatives.
 */
export function renameFields(work: RuleWork, step: Step, rename: Rename): void {
  const named: Rename = (field) => {
    const names = step.fieldTest(field, work) ? rename(field) : undefined;
    if (names !== undefined) work.noteFields(names, step);
    return names;
  };
  work.rewriteItems(step, (item) => renameItem(item, named));
  const { document } = work;
  if (document.kind === 'correlation') work.set(renameCorrelation(document, named));
}

function renameItem(item: Item, rename: Rename): Search | null | undefined {
  const referring = renameReferences(item, rename);
  const names = rename(item.field);
  if (names === undefined) return referring === undefined ? undefined : { kind: 'item', item: referring };
  if (names.length === 0) return null;
  const base = item.field === null ? anywhere(referring ?? item) : (referring ?? item);
  const of = splitAbsence(base).map((part): Search => {
    const parts = names.map((field): Search => ({ kind: 'item', item: { ...part, field } }));
    return parts.length === 1 ? parts[0]! : { kind: isAbsence(part) ? 'all' : 'any', of: parts };
  });
  return of.length === 1 ? of[0] : { kind: 'any', of };
}

function renameReferences(item: Item, rename: Rename): Item | undefined {
  if (!item.modifiers.includes('fieldref')) return undefined;
  const renamed = item.values.map(({ value }) => (value === null ? undefined : rename(String(value))));
  if (renamed.every((names) => names === undefined)) return undefined;
  const values = item.values.flatMap((value, at): readonly ItemValue[] => {
    return renamed[at]?.map((name) => ({ value: name, place: value.place })) ?? [value];
  });
  return { ...item, values };
}

/** Keywords are looked for anywhere, so on a named field they are contained. */
function anywhere(item: Item): Item {
  const bound = ['re', 'cidr', 'contains'].some((name) => item.modifiers.includes(name));
  return bound ? item : { ...item, modifiers: [...item.modifiers, 'contains'] };
}

/** An item that holds where its field is not there: of alternative names none may be. */
function isAbsence({ modifiers, values }: Item): boolean {
  if (modifiers.includes('neq')) return false;
  if (modifiers.includes('exists')) return String(values[0]?.value).toLowerCase() === 'false';
  return values.every(({ value }) => value === null);
}

/** `null` among other values is an alternative of its own. */
function splitAbsence(item: Item): readonly Item[] {
  const absent = item.values.filter(({ value }) => value === null);
  const present = item.values.filter(({ value }) => value !== null);
  const mixed = absent.length > 0 && present.length > 0;
  if (!mixed || item.modifiers.includes('all') || item.modifiers.includes('neq')) return [item];
  return [
    { ...item, values: absent },
    { ...item, values: present },
  ];
}

function renameCorrelation(rule: CorrelationRule, rename: Rename): CorrelationRule {
  const sole = (field: string, what: string): string => {
    const names = rename(field) ?? [field];
    if (names.length === 1) return names[0]!;
    throw new PipelineRefusal(`${what} \`${field}\` would have ${names.length} names`, rule.place);
  };
  const aliases = new Map(
    [...rule.aliases].map(([alias, fields]) => [
      alias,
      new Map([...fields].map(([to, field]) => [to, sole(field, 'the aliased field')])),
    ]),
  );
  const groupBy = rule.groupBy.flatMap((field) =>
    rule.aliases.has(field) ? [field] : (rename(field) ?? [field]),
  );
  const fields = rule.fields.map((field) =>
    rule.aliases.has(field) ? field : sole(field, 'the counted field'),
  );
  return { ...rule, aliases, groupBy, fields };
}
