import { onHost, typesOf } from '#shared/detect/on-host.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { preparedPath } from '#shared/rules/prepared/form.ts';
import { readPrepared } from '#shared/rules/prepared/read.ts';
import { listsOf, type RuleFiles } from '#shared/rules/rule-files.ts';
import { compileRules, type RuleProblem, type RuleSet } from '#shared/sigma/index.ts';

export interface HostRules {
  /** What can run on this host. */
  readonly ruleSet: RuleSet;
  /** The first thing that refuses a rule, or a list. */
  readonly problem: RuleProblem | undefined;
}

/**
 * The rules of a bundle for one host of this product: those that were prepared when it was built, else what its texts
 * say, for which what reads YAML is loaded. Throws `bundle.malformed`.
 */
export async function rulesOfHost(files: RuleFiles, product: string): Promise<HostRules> {
  const { ruleSet, problems } = prepared(files, product) ?? (await fromTexts(files));
  return {
    ruleSet: onHost(ruleSet, product),
    problem: problems.find(({ severity }) => severity === 'error'),
  };
}

interface Compiled {
  readonly ruleSet: RuleSet;
  readonly problems: readonly RuleProblem[];
}

function prepared(files: RuleFiles, product: string): Compiled | undefined {
  const bytes = files.get(preparedPath);
  if (bytes === undefined) return undefined;
  const documents = readPrepared(bytes, (rule) => typesOf({ rule }, product).length > 0);
  if (documents === undefined) return undefined;
  const { lists, problems } = listsOf(files);
  const { ruleSet, problems: found } = compileRules(documents, { lists, specs: Object.values(eventSpecs) });
  // Compiled, its texts are of no more use here, and they are a good part of its memory.
  for (const document of documents) if (document.kind !== 'correlation') forget(document.searches);
  return { ruleSet, problems: [...problems, ...found] };
}

function forget(texts: ReadonlyMap<string, unknown>): void {
  (texts as Map<string, unknown>).clear();
}

async function fromTexts(files: RuleFiles): Promise<Compiled> {
  const { rulesFromFiles } = await import('#shared/rules/from-files.ts');
  return rulesFromFiles(files);
}
