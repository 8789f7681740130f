import {
  type CorrelationRule,
  type CorrelationType,
  correlationTypes,
  type RuleHeader,
} from '../document.ts';
import type { ProblemSink } from '../problem.ts';
import { parseCount } from './correlation-condition.ts';
import { entryOf, type MapEntry, type MapTree, textOf, textsOf } from './tree.ts';

const unitUs: Readonly<Record<string, number>> = {
  s: 1e6,
  m: 60e6,
  h: 3600e6,
  d: 86_400e6,
  w: 7 * 86_400e6,
  M: 30 * 86_400e6,
  y: 365 * 86_400e6,
};

/** Bounds on one correlation. */
export const correlationTextBounds = {
  rules: 64,
  fields: 16,
  /** Microseconds; ten timespans must still be told apart to the microsecond. */
  timespanUs: 50 * 365 * 86_400e6,
} as const;

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
  const counted = parseCount(entry, section, type, refers?.length ?? 0, problems);
  const groupBy = parseGroupBy(section, problems);
  const aliases = parseAliases(section, problems);
  if (refers === undefined || counted === undefined || groupBy === undefined || aliases === undefined)
    return undefined;
  return {
    kind: 'correlation',
    ...header,
    type,
    refers,
    groupBy,
    aliases,
    aliasPlace: entryOf(section, 'aliases')?.keyPlace ?? header.place,
    timespanUs,
    ...counted,
    generate: textOf(section, 'generate') === 'true' || textOf(tree, 'generate') === 'true',
  };
}

function parseType(entry: MapEntry, section: MapTree, problems: ProblemSink): CorrelationType | undefined {
  const type = textOf(section, 'type');
  if (type === undefined)
    return problems.refuse('rule.invalid', entry.keyPlace, 'The correlation has no type.');
  const known = correlationTypes.find((name) => name === type);
  return (
    known ??
    problems.refuse(
      'rule.unsupported',
      entryOf(section, 'type')?.value ?? section,
      `\`${type}\` is not a type of correlation (${correlationTypes.join(', ')} are).`,
    )
  );
}

function parseTimespan(entry: MapEntry, section: MapTree, problems: ProblemSink): number | undefined {
  const text = textOf(section, 'timespan') ?? textOf(section, 'timeframe');
  const parts = text === undefined ? null : /^(\d{1,9})\s*([smhdwMy])$/.exec(text);
  const us = Number(parts?.[1]) * (unitUs[parts?.[2] ?? ''] ?? Number.NaN);
  const place = entryOf(section, 'timespan')?.value ?? entry.keyPlace;
  if (us > correlationTextBounds.timespanUs)
    return problems.refuse('rule.too_large', place, 'The timespan is longer than fifty years.');
  if (us > 0) return us;
  return problems.refuse('rule.invalid', place, 'The correlation needs a timespan such as `5m`.');
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
  const place = rules?.keyPlace ?? entry.keyPlace;
  if (refers.length === 0 || refers.length < items.length)
    return problems.refuse('rule.invalid', place, 'The correlation refers to no rules.');
  if (refers.length > correlationTextBounds.rules)
    return problems.refuse(
      'rule.too_large',
      place,
      `The correlation refers to more than ${correlationTextBounds.rules} rules.`,
    );
  const again = refers.find(({ to }, i) => refers.findIndex((r) => r.to === to) < i);
  if (again !== undefined)
    return problems.refuse('rule.invalid', again.place, `\`${again.to}\` is referred to twice.`);
  return refers;
}

function parseGroupBy(section: MapTree, problems: ProblemSink): readonly string[] | undefined {
  const groupBy = textsOf(section, 'group-by');
  if (groupBy.length <= correlationTextBounds.fields) return groupBy;
  return problems.refuse(
    'rule.too_large',
    entryOf(section, 'group-by')?.keyPlace ?? section,
    `The correlation groups by more than ${correlationTextBounds.fields} fields.`,
  );
}

function parseAliases(section: MapTree, problems: ProblemSink): CorrelationRule['aliases'] | undefined {
  const entry = entryOf(section, 'aliases');
  const aliases = new Map<string, ReadonlyMap<string, string>>();
  if (entry === undefined) return aliases;
  if (entry.value.kind !== 'map')
    return problems.refuse('rule.invalid', entry.keyPlace, '`aliases` is not a map of aliases.');
  for (const { key, keyPlace, value } of entry.value.entries) {
    const fields = value.kind === 'map' ? value.entries : [];
    const byRule = fields.flatMap(({ key: rule, value: field }): [string, string][] =>
      field.kind === 'scalar' && field.value !== null ? [[rule, String(field.value)]] : [],
    );
    if (byRule.length === 0 || byRule.length < fields.length)
      return problems.refuse(
        'rule.invalid',
        keyPlace,
        `The alias \`${key}\` needs a field for each rule it is about.`,
      );
    aliases.set(key, new Map(byRule));
  }
  return aliases;
}
