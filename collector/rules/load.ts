import { join } from 'node:path';
import type { ErrorCode } from '#shared/errors.ts';
import { compileDocuments, type LoadedRules, parseTexts } from '#shared/rules/compile.ts';
import type { RuleProblem } from '#shared/sigma/index.ts';
import { readRuleFiles } from './files.ts';
import { loadLists } from './lists.ts';
import { applyUses, type PipelineUse } from './pipelines.ts';

/** The starter pack and the lists its rules use. */
export const packPath = join(import.meta.dirname, 'pack');
export const packListsPath = join(packPath, 'lists');

export type { LoadedRules } from '#shared/rules/compile.ts';

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
  const parsed = parseTexts(texts);
  const piped = await applyUses(parsed.documents, uses);
  const before = {
    documents: piped.documents,
    ...(parsed.detectors !== undefined && { detectors: parsed.detectors }),
    problems: [...listProblems, ...fileProblems, ...parsed.problems, ...piped.problems],
    reasons: [...fileProblems.map(({ code }) => code), ...parsed.reasons, ...piped.reasons],
  };
  return compileDocuments(before, lists, piped.leftOut);
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
