import { decodeTrust, openKeptBundle } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { rulesFromFiles } from '#shared/rules/from-files.ts';
import type { RuleHeader, RuleSet } from '#shared/sigma/index.ts';
import type { BundleInForce, BundleStore, RuleSummary } from '../store/contract.ts';
import { type LoadedRules, loadRules } from './load.ts';
import type { PipelineUse } from './pipelines.ts';

/** Where rules are while no bundle was put in force. */
export interface RuleFolders {
  readonly rulePaths: readonly string[];
  readonly listPaths: readonly string[];
  readonly pipelineUses: readonly PipelineUse[];
}

export interface RulesInForce extends LoadedRules {
  readonly bundle: BundleInForce | null;
}

/**
 * The rules detection works with: those of the bundle that was put in force last and nothing else, or, as long as none
 * ever was, those of the folders. Throws `data.corrupt` when the bundle that was kept can not be read.
 */
export async function rulesInForce(bundles: BundleStore, folders: RuleFolders): Promise<RulesInForce> {
  const last = await bundles.inForce();
  if (last === undefined) {
    const loaded = await loadRules(folders.rulePaths, folders.listPaths, folders.pipelineUses);
    return { ...loaded, bundle: null };
  }
  const { version, digest, at } = last;
  const content = await bundles.content(version);
  const trust = await bundles.trust();
  if (content === undefined || trust === undefined)
    throw new VedetteError('data.corrupt', `Bundle ${version} is in force and not there.`);
  return { ...rulesOfBundle(content, trust), bundle: { version, digest, at } };
}

/** The rules of a bundle that was kept. Throws `data.corrupt`. */
export function rulesOfBundle(content: Uint8Array, trust: Uint8Array): LoadedRules {
  try {
    return rulesFromFiles(openKeptBundle(content, decodeTrust(trust)).files);
  } catch (error) {
    if (!(error instanceof VedetteError)) throw error;
    throw new VedetteError('data.corrupt', `The bundle in force: ${error.detail}`, { cause: error });
  }
}

/** The rules as operators see them. */
export function ruleSummaries({ rules, correlations }: RuleSet): RuleSummary[] {
  const summary = ({ id, title, level, tags, file }: RuleHeader) => ({ id, title, level, tags, file });
  return [
    ...rules.map(({ rule }) => ({ ...summary(rule), logsource: rule.logsource })),
    ...correlations.map(({ rule }) => ({ ...summary(rule), logsource: {} })),
  ];
}
