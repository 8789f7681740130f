/**
 * What rules say, read beforehand: the documents of a bundle after their pipelines, with what a host needs of them and
 * what is known of their regular expressions. Whoever builds a bundle puts it there, under the same signature, so that
 * no host has to read YAML or take expressions apart. The texts stay the rules: a collector takes no bundle whose
 * prepared rules are not what its texts say, and a host that does not know the form goes by the texts.
 */
import type { Logsource } from '../../schema/spec.ts';
import type { CorrelationRule, RuleLevel, Scalar } from '../../sigma/document.ts';

/** Where it stands in a bundle. */
export const preparedPath = 'prepared/rules.json';

/** Changes whenever what is written here would be read differently. */
export const preparedForm = 1;

export interface PreparedRules {
  readonly form: number;
  readonly documents: readonly PreparedDocument[];
}

/** An expression, UTF-16 units of its shortest match, and the texts it requires with their place. */
export type PreparedRegex = readonly [
  source: string,
  shortest: number,
  required: readonly (readonly [at: 'start' | 'end' | 'anywhere', texts: readonly string[]])[],
];

export interface PreparedItem {
  readonly field: string | null;
  readonly modifiers: readonly string[];
  readonly values: readonly Scalar[];
  readonly regexes?: readonly PreparedRegex[];
}

export type PreparedSearch =
  | PreparedItem
  | { readonly all: readonly PreparedSearch[] }
  | { readonly any: readonly PreparedSearch[] };

/** The name of a selection; or what joins the others, `at least` as a number. */
export type PreparedCondition = string | PreparedJoin;
export interface PreparedJoin {
  readonly op: 'and' | 'or' | 'not' | number;
  readonly of: readonly PreparedCondition[];
}

/** Selections by name, in their order. */
export interface PreparedDetection {
  readonly searches: readonly (readonly [name: string, search: PreparedSearch])[];
  readonly condition: PreparedCondition;
}

export interface PreparedHeader {
  readonly id: string;
  readonly name: string | null;
  readonly title: string;
  readonly level: RuleLevel;
  readonly tags: readonly string[];
  readonly file: string;
  readonly line: number;
}

export interface PreparedDetectionRule extends PreparedHeader, PreparedDetection {
  readonly kind: 'rule';
  readonly logsource: Logsource;
  readonly writtenLogsource?: Logsource;
  readonly piped?: true;
}

export interface PreparedFilter extends PreparedHeader, PreparedDetection {
  readonly kind: 'filter';
  readonly logsource: Logsource;
  readonly rules: readonly string[] | 'any';
  readonly variants?: readonly (readonly [logsourceKey: string, detection: PreparedDetection])[];
}

/** Numbers of the range as text: JSON has no infinity. */
export interface PreparedCorrelation extends PreparedHeader {
  readonly kind: 'correlation';
  readonly type: CorrelationRule['type'];
  readonly refers: readonly string[];
  readonly groupBy: readonly string[];
  readonly aliases: readonly (readonly [alias: string, fields: readonly (readonly [string, string])[]])[];
  readonly timespanUs: number;
  readonly range: { readonly least: string; readonly most: string; readonly not: string | null };
  readonly condition: string | null;
  readonly fields: readonly string[];
  readonly percentile: number;
  readonly generate: boolean;
}

export type PreparedDocument = PreparedDetectionRule | PreparedFilter | PreparedCorrelation;
