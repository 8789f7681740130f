import { rulesFromFiles } from '#shared/rules/from-files.ts';
import { type LoadedRules, loadRules } from './load.ts';
import type { PipelineUse } from './pipelines.ts';

/** Where rules are: in files and folders, or, with `files`, in a bundle and nowhere else. Can be sent to other threads. */
export interface RuleSource {
  readonly rulePaths: readonly string[];
  readonly listPaths: readonly string[];
  readonly uses: readonly PipelineUse[];
  /** By path, as a bundle holds them. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

export async function loadSource({ rulePaths, listPaths, uses, files }: RuleSource): Promise<LoadedRules> {
  return files === undefined ? await loadRules(rulePaths, listPaths, uses) : rulesFromFiles(files);
}
