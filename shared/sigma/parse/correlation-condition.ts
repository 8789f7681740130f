import type { CorrelationRule, CorrelationType, CountRange } from '../document.ts';
import type { Place, ProblemSink } from '../problem.ts';
import { entryOf, type MapEntry, type MapTree, textOf, textsOf } from './tree.ts';

/** Largest count a condition may ask for; it bounds the memory of one group. */
export const countBound = 100_000;

/** Fields one condition may count together. */
const fieldBound = 16;

type Counted = Pick<CorrelationRule, 'range' | 'condition' | 'fields' | 'percentile'>;

/** Numbers compared by these types are of the events, not counts. */
const figureTypes: readonly CorrelationType[] = [
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
];

export function isTemporal(type: CorrelationType): boolean {
  return type === 'temporal' || type === 'temporal_ordered';
}

/** Reads the `condition` of a correlation over `rules` rules: a range, what is counted, or an expression. */
export function parseCount(
  entry: MapEntry,
  section: MapTree,
  type: CorrelationType,
  rules: number,
  problems: ProblemSink,
): Counted | undefined {
  const condition = entryOf(section, 'condition');
  const all: Counted = { range: rangeFrom(rules), condition: null, fields: [], percentile: 50 };
  if (isTemporal(type) && condition === undefined) return all;
  if (isTemporal(type) && condition?.value.kind === 'scalar') {
    const { value, line, column } = condition.value;
    return { ...all, condition: { text: String(value ?? ''), place: { line, column } } };
  }
  if (condition?.value.kind !== 'map')
    return problems.refuse(
      'rule.invalid',
      condition?.keyPlace ?? entry.keyPlace,
      'The correlation needs a condition such as `gte: 5`.',
    );
  const range = parseRange(condition.value, condition.keyPlace, type, problems);
  const fields = parseFields(condition.value, condition.keyPlace, type, problems);
  const percentile = parsePercentile(condition.value, condition.keyPlace, type, problems);
  if (range === undefined || fields === undefined || percentile === undefined) return undefined;
  if (isTemporal(type) && (range.least > rules || (range.least === rules && range.not === rules)))
    return problems.refuse('rule.invalid', condition.keyPlace, `There are only ${rules} rules to be seen.`);
  return { range, condition: null, fields, percentile };
}

function rangeFrom(least: number): CountRange {
  return { least, most: Number.POSITIVE_INFINITY, not: null };
}

/** The operators as an inclusive range; they may be combined. */
function parseRange(
  condition: MapTree,
  place: Place,
  type: CorrelationType,
  problems: ProblemSink,
): CountRange | undefined {
  const isFigure = figureTypes.includes(type);
  let range = rangeFrom(isFigure ? Number.NEGATIVE_INFINITY : 0);
  let operators = 0;
  for (const { key, keyPlace, value } of condition.entries) {
    if (key === 'field' || (key === 'percentile' && type === 'value_percentile')) continue;
    const bound = value.kind === 'scalar' ? boundOf(value.value, isFigure) : undefined;
    if (bound === undefined) {
      const wanted = isFigure ? 'a number' : `a whole number from 0 to ${countBound}`;
      return problems.refuse('rule.invalid', value, `\`${key}\` needs ${wanted}.`);
    }
    operators++;
    const next = narrowed(range, key, bound, isFigure);
    if (next === undefined)
      return problems.refuse('rule.invalid', keyPlace, `\`${key}\` is not an operator of a correlation.`);
    range = next;
  }
  const isEmpty = range.least > range.most || (range.least === range.most && range.not === range.least);
  if (operators > 0 && !isEmpty) return range;
  return problems.refuse('rule.invalid', place, 'The condition can never be met or asks nothing.');
}

function boundOf(value: unknown, isFigure: boolean): number | undefined {
  const bound =
    typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
      ? Number(value)
      : Number.NaN;
  if (isFigure) return Number.isFinite(bound) ? bound : undefined;
  return Number.isInteger(bound) && bound >= 0 && bound <= countBound ? bound : undefined;
}

function narrowed(
  range: CountRange,
  operator: string,
  bound: number,
  isFigure: boolean,
): CountRange | undefined {
  const { least, most } = range;
  switch (operator) {
    case 'gte':
      return { ...range, least: Math.max(least, bound) };
    case 'gt':
      return { ...range, least: Math.max(least, isFigure ? after(bound) : bound + 1) };
    case 'lte':
      return { ...range, most: Math.min(most, bound) };
    case 'lt':
      return { ...range, most: Math.min(most, isFigure ? -after(-bound) : bound - 1) };
    case 'eq':
      return { ...range, least: Math.max(least, bound), most: Math.min(most, bound) };
    case 'neq':
      return { ...range, not: bound };
    default:
      return undefined;
  }
}

/** The next larger double. */
function after(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0]! += value > 0 ? 1n : -1n;
  return new Float64Array(bits.buffer)[0]!;
}

function parseFields(
  condition: MapTree,
  place: Place,
  type: CorrelationType,
  problems: ProblemSink,
): readonly string[] | undefined {
  const fields = textsOf(condition, 'field');
  if (type === 'event_count' || isTemporal(type)) return [];
  const most = type === 'value_count' ? fieldBound : 1;
  if (fields.length > 0 && fields.length <= most) return fields;
  const wanted = most === 1 ? 'one field' : `a field, or up to ${most},`;
  return problems.refuse('rule.invalid', place, `\`${type}\` needs ${wanted} in its condition.`);
}

function parsePercentile(
  condition: MapTree,
  place: Place,
  type: CorrelationType,
  problems: ProblemSink,
): number | undefined {
  if (type !== 'value_percentile') return 50;
  const entry = entryOf(condition, 'percentile');
  if (entry === undefined) {
    problems.warn('rule.invalid', place, 'The condition gives no `percentile`; 50 is taken.');
    return 50;
  }
  const share = Number(textOf(condition, 'percentile') ?? Number.NaN);
  if (share >= 0 && share <= 100) return share;
  return problems.refuse('rule.invalid', entry.value, '`percentile` needs a number from 0 to 100.');
}
