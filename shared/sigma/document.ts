/** What parsing gives: documents as the rule files say them, checked for form, nothing resolved yet. */
import type { Logsource } from '../schema/spec.ts';
import type { Place } from './problem.ts';
import type { RegexFacts } from './regex/literals.ts';

/** https://github.com/SigmaHQ/sigma-specification, rules specification 2.1, `level`. */
export const ruleLevels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type RuleLevel = (typeof ruleLevels)[number];

export type Scalar = string | number | boolean | null;

/** A value with the text it was written as where that matters (numbers too long for a double). */
export interface ItemValue {
  readonly value: Scalar;
  readonly place: Place;
}

/** One `field|modifier: values`. `field` is null for keywords. */
export interface Item {
  readonly field: string | null;
  readonly modifiers: readonly string[];
  readonly values: readonly ItemValue[];
  readonly place: Place;
  /** By expression, of an item that was prepared: what would else have to be found out of it. */
  readonly regexFacts?: ReadonlyMap<string, RegexFacts>;
}

/** A search: a map is `all` of its items, a list `any` of its entries. */
export type Search =
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Search[] };

/** A condition with its patterns resolved to selection names. */
export type Condition =
  | { readonly op: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'at-least'; readonly least: number; readonly of: readonly Condition[] }
  | { readonly op: 'selection'; readonly name: string };

export interface RuleHeader {
  /** The rule's `id`; derived from its text where it has none. */
  readonly id: string;
  readonly name: string | null;
  readonly title: string;
  /** `medium` where the rule says nothing. */
  readonly level: RuleLevel;
  readonly status: string | null;
  readonly description: string;
  readonly author: string | null;
  readonly tags: readonly string[];
  readonly references: readonly string[];
  readonly falsePositives: readonly string[];
  /** Other plain values at the top of the document, such as `date`. */
  readonly attributes: ReadonlyMap<string, Scalar>;
  readonly file: string;
  readonly place: Place;
}

export interface DetectionRule extends RuleHeader {
  readonly kind: 'rule';
  readonly logsource: Logsource;
  /** What the file says, where a pipeline changed it. */
  readonly writtenLogsource?: Logsource;
  /** Went through pipelines. */
  readonly piped?: true;
  readonly searches: ReadonlyMap<string, Search>;
  /** Any of them suffices. */
  readonly condition: Condition;
}

export const correlationTypes = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

/** Both ends inclusive: `gt: 3` of a count is `{ least: 4, most: Infinity }`, `neq` has `not` set. */
export interface CountRange {
  readonly least: number;
  readonly most: number;
  readonly not: number | null;
}

export interface CorrelationRule extends RuleHeader {
  readonly kind: 'correlation';
  readonly type: CorrelationType;
  /** Ids or names of rules or correlations, each once. */
  readonly refers: readonly { readonly to: string; readonly place: Place }[];
  readonly groupBy: readonly string[];
  /** Alias → reference → field. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Where the aliases stand; where the correlation does when it has none. */
  readonly aliasPlace: Place;
  /** Microseconds. */
  readonly timespanUs: number;
  /** What the count or the figure is compared with; all rules referred to where a temporal type gives none. */
  readonly range: CountRange;
  /** Of the temporal types: an expression over the rules referred to, in place of the range. */
  readonly condition: { readonly text: string; readonly place: Place } | null;
  /** What is counted or reckoned with; several only of `value_count`, whose distinct tuples count. */
  readonly fields: readonly string[];
  /** 0 to 100. */
  readonly percentile: number;
  /** Whether the rules referred to raise alerts of their own. */
  readonly generate: boolean;
}

/** An id or name of a rule, with where it was written. */
export interface RuleReference {
  readonly to: string;
  readonly place: Place;
}

/** What rules leave out: they match where its condition does not hold. */
export interface FilterRule extends RuleHeader {
  readonly kind: 'filter';
  readonly logsource: Logsource;
  /** By `logsourceKey` of their written logsource: what pipelines made of the filter for rules they went over. */
  readonly variants?: ReadonlyMap<string, Pick<FilterRule, 'searches' | 'condition'>>;
  readonly rules: readonly RuleReference[] | 'any';
  readonly searches: ReadonlyMap<string, Search>;
  readonly condition: Condition;
}

export type SigmaDocument = DetectionRule | CorrelationRule | FilterRule;
