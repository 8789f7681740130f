import { detectorSpecs } from '../detect/detectors/registry.ts';
import { isDetectorFile, readDetectorSettings } from '../detect/detectors/settings.ts';
import type { ErrorCode } from '../errors.ts';
import { eventSpecs } from '../events/registry.gen.ts';
import {
  compileRules,
  parseRules,
  type RuleProblem,
  type RuleSet,
  type SigmaDocument,
  type ValueLists,
} from '../sigma/index.ts';

export interface RuleText {
  readonly file: string;
  readonly text: string;
}

/** Documents on their way to a rule set, with what was wrong so far. */
export interface RuleDocuments {
  readonly documents: readonly SigmaDocument[];
  readonly problems: readonly RuleProblem[];
  /** For each refused document its first error. */
  readonly reasons: readonly ErrorCode[];
  /** What files of `detectors/` say. */
  readonly detectors?: RuleSet['detectors'];
}

export interface LoadedRules {
  readonly ruleSet: RuleSet;
  /** Errors first refuse their rule; warnings do not. In order of files and lines. */
  readonly problems: readonly RuleProblem[];
  readonly accepted: number;
  readonly refused: number;
  /** For each refused document its first error. */
  readonly reasons: readonly ErrorCode[];
  /** Rules that no pipeline was for, where that leaves them out. */
  readonly leftOut: number;
}

export function parseTexts(texts: readonly RuleText[]): RuleDocuments {
  const rules = texts.filter(({ file }) => !isDetectorFile(file));
  const parsed = rules.map(({ file, text }) => parseRules(text, file));
  const set = readDetectorSettings(
    texts.filter(({ file }) => isDetectorFile(file)),
    detectorSpecs,
  );
  return {
    documents: parsed.flatMap(({ documents }) => documents),
    problems: [...parsed.flatMap(({ problems }) => problems), ...set.problems],
    reasons: [...parsed.flatMap(({ reasons }) => reasons), ...set.problems.map(({ code }) => code)],
    detectors: set.settings,
  };
}

/** Compiles documents together with the lists they name. A bad one never stops the others. */
export function compileDocuments(before: RuleDocuments, lists: ValueLists, leftOut = 0): LoadedRules {
  const compiled = compileRules(before.documents, { lists, specs: Object.values(eventSpecs) });
  const reasons = [...before.reasons, ...compiled.reasons];
  const { rules, correlations, filters } = compiled.ruleSet;
  return {
    ruleSet: { ...compiled.ruleSet, ...(before.detectors !== undefined && { detectors: before.detectors }) },
    problems: inOrder([...before.problems, ...compiled.problems]),
    accepted: rules.length + correlations.length + filters.length,
    refused: reasons.length,
    reasons,
    leftOut,
  };
}

function inOrder(problems: readonly RuleProblem[]): readonly RuleProblem[] {
  return [...problems].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
