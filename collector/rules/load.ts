import { join } from 'node:path';
import type { ErrorCode } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import {
  compileRules,
  parseRules,
  type RuleProblem,
  type RuleSet,
  type SigmaDocument,
} from '#shared/sigma/index.ts';
import { readRuleFiles } from './files.ts';
import { loadLists } from './lists.ts';
import { applyUses, type PipelineUse } from './pipelines.ts';

/** The starter pack and the lists its rules use. */
export const packPath = join(import.meta.dirname, 'pack');
export const packListsPath = join(packPath, 'lists');

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

/**
 * Loads rules from files and folders, with the placeholder lists of `listFolders`, through the pipelines of `uses`. A
 * bad file, rule, filter or pipeline never stops the others.
 */
export async function loadRules(
  paths: readonly string[],
  listFolders: readonly string[] = [],
  uses: readonly PipelineUse[] = [],
): Promise<LoadedRules> {
  const { lists, problems: listProblems } = await loadLists(listFolders);
  const { texts, problems: fileProblems } = await readRuleFiles(paths);
  const problems = [...listProblems, ...fileProblems];
  const documents: SigmaDocument[] = [];
  const reasons = fileProblems.map(({ code }) => code);
  for (const { file, text } of texts) {
    const parsed = parseRules(text, file);
    documents.push(...parsed.documents);
    problems.push(...parsed.problems);
    reasons.push(...parsed.reasons);
  }
  const piped = await applyUses(documents, uses);
  problems.push(...piped.problems);
  reasons.push(...piped.reasons);
  const compiled = compileRules(piped.documents, { lists, specs: Object.values(eventSpecs) });
  problems.push(...compiled.problems);
  reasons.push(...compiled.reasons);
  const { rules, correlations, filters } = compiled.ruleSet;
  return {
    ruleSet: compiled.ruleSet,
    problems: inOrder(problems),
    accepted: rules.length + correlations.length + filters.length,
    refused: reasons.length,
    reasons,
    leftOut: piped.leftOut,
  };
}

function inOrder(problems: readonly RuleProblem[]): readonly RuleProblem[] {
  return [...problems].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

export interface LintReport {
  readonly summary: {
    readonly rules: number;
    readonly accepted: number;
    readonly refused: number;
    /** Accepted, but about events that no sensor makes. */
    readonly inactive: number;
    readonly warnings: number;
    /** Refused documents by the code of their first error; comes to `refused`. */
    readonly byReason: Readonly<Partial<Record<ErrorCode, number>>>;
  };
  readonly problems: readonly RuleProblem[];
}

/** Checks rules without using them. A pipeline that is refused counts as a refused document. */
export async function lint(
  paths: readonly string[],
  listFolders: readonly string[] = [],
  uses: readonly PipelineUse[] = [],
): Promise<LintReport> {
  const { ruleSet, problems, accepted, refused, reasons } = await loadRules(paths, listFolders, uses);
  const byReason: Partial<Record<ErrorCode, number>> = {};
  for (const code of reasons) byReason[code] = (byReason[code] ?? 0) + 1;
  return {
    summary: {
      rules: accepted + refused,
      accepted,
      refused,
      inactive: ruleSet.inactive.size,
      warnings: problems.filter((p) => p.severity === 'warning').length,
      byReason,
    },
    problems,
  };
}
