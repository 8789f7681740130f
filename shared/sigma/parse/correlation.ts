import {
  type CorrelationRule,
  type CorrelationType,
  type CountRange,
  correlationTypes,
  type RuleHeader,
} from '../document.ts';
import type { ProblemSink } from '../problem.ts';
import { entryOf, type MapEntry, type MapTree, textOf, textsOf } from './yaml.ts';

const unitUs: Readonly<Record<string, number>> = {
  s: 1e6,
  m: 60e6,
  h: 3600e6,
  d: 86_400e6,
  w: 7 * 86_400e6,
  M: 30 * 86_400e6,
  y: 365 * 86_400e6,
};

/** Reads the `correlation` section. Source: Sigma correlation rules specification 2.1. */
export function parseCorrelation(
  tree: MapTree,
  header: RuleHeader,
  problems: ProblemSink,
): CorrelationRule | undefined {
  const entry = entryOf(tree, 'correlation');
  if (entry === undefined || entry.value.kind !== 'map')
    return problems.refuse('rule.invalid', tree, '`correlation` is not a map.');
  const section = entry.value;
  const type = parseType(entry, section, problems);
  const timespanUs = parseTimespan(entry, section, problems);
  if (type === undefined || timespanUs === undefined) return undefined;
  const refers = parseReferences(entry, section, problems);
  const counted = parseCount(entry, section, type, problems);
  if (refers === undefined || counted === undefined) return undefined;
  return {
    kind: 'correlation',
    ...header,
    type,
    refers,
    groupBy: textsOf(section, 'group-by'),
    aliases: parseAliases(section),
    timespanUs,
    ...counted,
    generate: textOf(section, 'generate') === 'true' || textOf(tree, 'generate') === 'true',
  };
}

function parseType(entry: MapEntry, section: MapTree, problems: ProblemSink): CorrelationType | undefined {
  const type = textOf(section, 'type');
  if (type === undefined)
    return problems.refuse('rule.invalid', entry.keyPlace, 'The correlation has no type.');
  if (type !== 'event_count' && type !== 'value_count')
    return problems.refuse(
      'rule.unsupported',
      entryOf(section, 'type')?.value ?? section,
      `Correlations of type \`${type}\` are not supported yet (${correlationTypes.slice(0, 2).join(', ')} are).`,
    );
  return type;
}

function parseTimespan(entry: MapEntry, section: MapTree, problems: ProblemSink): number | undefined {
  const text = textOf(section, 'timespan') ?? textOf(section, 'timeframe');
  const parts = text === undefined ? null : /^(\d{1,9})\s*([smhdwMy])$/.exec(text);
  const us = Number(parts?.[1]) * (unitUs[parts?.[2] ?? ''] ?? Number.NaN);
  if (us > 0) return us;
  return problems.refuse(
    'rule.invalid',
    entryOf(section, 'timespan')?.value ?? entry.keyPlace,
    'The correlation needs a timespan such as `5m`.',
  );
}

function parseReferences(
  entry: MapEntry,
  section: MapTree,
  problems: ProblemSink,
): CorrelationRule['refers'] | undefined {
  const rules = entryOf(section, 'rules');
  const items = rules === undefined ? [] : rules.value.kind === 'list' ? rules.value.items : [rules.value];
  const refers = items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string'
      ? [{ to: item.value, place: { line: item.line, column: item.column } }]
      : [],
  );
  if (refers.length > 0 && refers.length === items.length) return refers;
  return problems.refuse(
    'rule.invalid',
    rules?.keyPlace ?? entry.keyPlace,
    'The correlation refers to no rules.',
  );
}

/** The `condition` as an inclusive range, with the field `value_count` counts. Operators may be combined. */
function parseCount(
  entry: MapEntry,
  section: MapTree,
  type: CorrelationType,
  problems: ProblemSink,
): { range: CountRange; field: string | null } | undefined {
  const condition = entryOf(section, 'condition');
  if (condition?.value.kind !== 'map')
    return problems.refuse(
      'rule.invalid',
      condition?.keyPlace ?? entry.keyPlace,
      'The correlation needs a condition such as `gte: 5`.',
    );
  let [least, most, not] = [0, Number.POSITIVE_INFINITY, null as number | null];
  let operators = 0;
  for (const { key, keyPlace, value } of condition.value.entries) {
    if (key === 'field') continue;
    const bound = value.kind === 'scalar' ? Number(value.value) : Number.NaN;
    if (!Number.isInteger(bound) || bound < 0 || bound > countBound)
      return problems.refuse(
        'rule.invalid',
        value,
        `\`${key}\` needs a whole number from 0 to ${countBound}.`,
      );
    operators++;
    if (key === 'gte') least = Math.max(least, bound);
    else if (key === 'gt') least = Math.max(least, bound + 1);
    else if (key === 'lte') most = Math.min(most, bound);
    else if (key === 'lt') most = Math.min(most, bound - 1);
    else if (key === 'eq') [least, most] = [Math.max(least, bound), Math.min(most, bound)];
    else if (key === 'neq') not = bound;
    else return problems.refuse('rule.invalid', keyPlace, `\`${key}\` is not an operator of a correlation.`);
  }
  const field = textOf(condition.value, 'field') ?? null;
  if (operators === 0 || least > most)
    return problems.refuse(
      'rule.invalid',
      condition.keyPlace,
      'The condition can never be met or asks nothing.',
    );
  if (type === 'value_count' && field === null)
    return problems.refuse(
      'rule.invalid',
      condition.keyPlace,
      '`value_count` needs a field in its condition.',
    );
  return { range: { least, most, not }, field };
}

/** Largest count a condition may ask for; it bounds the memory of one group. */
export const countBound = 100_000;

function parseAliases(section: MapTree): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const aliases = new Map<string, ReadonlyMap<string, string>>();
  const tree = entryOf(section, 'aliases')?.value;
  if (tree?.kind !== 'map') return aliases;
  for (const { key, value } of tree.entries) {
    if (value.kind !== 'map') continue;
    const fields = value.entries.flatMap(({ key: rule, value: field }): [string, string][] =>
      field.kind === 'scalar' ? [[rule, String(field.value)]] : [],
    );
    aliases.set(key, new Map(fields));
  }
  return aliases;
}
