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
  const parsed = texts.map(({ file, text }) => parseRules(text, file));
  return {
    documents: parsed.flatMap(({ documents }) => documents),
    problems: parsed.flatMap(({ problems }) => problems),
    reasons: parsed.flatMap(({ reasons }) => reasons),
  };
}

/** Compiles documents together with the lists they name. A bad one never stops the others. */
export function compileDocuments(before: RuleDocuments, lists: ValueLists, leftOut = 0): LoadedRules {
  const compiled = compileRules(before.documents, { lists, specs: Object.values(eventSpecs) });
  const reasons = [...before.reasons, ...compiled.reasons];
  const { rules, correlations, filters } = compiled.ruleSet;
  return {
    ruleSet: compiled.ruleSet,
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
