import { decodeBundle, digestOf, readContent } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { rulesFromFiles } from '#shared/rules/from-files.ts';
import type { RuleHeader, RuleSet } from '#shared/sigma/index.ts';
import type { BundleInForce, BundleStore, RuleSummary } from '../store/contract.ts';
import { type LoadedRules, loadRules } from './load.ts';
import type { PipelineUse } from './pipelines.ts';
import type { RuleSource } from './rule-source.ts';

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
  if (content === undefined)
    throw new VedetteError('data.corrupt', `Bundle ${version} is in force and not there.`);
  return { ...rulesOfBundle(content, digest), bundle: { version, digest, at } };
}

/** Where those rules are. Throws `data.corrupt` as `rulesInForce` does. */
export async function sourceInForce(
  bundles: BundleStore,
  { rulePaths, listPaths, pipelineUses: uses }: RuleFolders,
): Promise<RuleSource> {
  const last = await bundles.inForce();
  if (last === undefined) return { rulePaths, listPaths, uses };
  const content = await bundles.content(last.version);
  if (content === undefined)
    throw new VedetteError('data.corrupt', `Bundle ${last.version} is in force and not there.`);
  return { rulePaths: [], listPaths, uses: [], files: filesOfBundle(content, last.digest) };
}

/** The rules of a bundle that was verified when it was taken. Throws `data.corrupt` where it is not that one any more. */
export function rulesOfBundle(content: Uint8Array, digest: string): LoadedRules {
  return rulesFromFiles(filesOfBundle(content, digest));
}

function filesOfBundle(content: Uint8Array, digest: string): ReadonlyMap<string, Uint8Array> {
  try {
    const bundle = decodeBundle(content);
    if (digestOf(bundle) !== digest)
      throw new VedetteError('bundle.mixed', 'It is not the one that was taken.');
    return readContent(bundle).files;
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
