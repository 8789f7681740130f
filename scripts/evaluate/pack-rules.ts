import { relative } from 'node:path';
import { loadRules, packListsPath, packPath } from '../../collector/rules/load.ts';

export interface PackRules {
  /** Ids of rules by the path of their file in the pack, without `.yml`. */
  readonly rules: ReadonlyMap<string, ReadonlySet<string>>;
  /** The path, by id. */
  readonly fileOf: ReadonlyMap<string, string>;
}

export async function packRules(): Promise<PackRules> {
  const { ruleSet } = await loadRules([packPath], [packListsPath]);
  const rules = new Map<string, Set<string>>();
  const fileOf = new Map<string, string>();
  for (const { rule } of [...ruleSet.rules, ...ruleSet.correlations]) {
    const file = relative(packPath, rule.file).replace(/\.ya?ml$/, '');
    rules.set(file, (rules.get(file) ?? new Set()).add(rule.id));
    fileOf.set(rule.id, file);
  }
  return { rules, fileOf };
}
