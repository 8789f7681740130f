import { existsSync } from 'node:fs';
import { VedetteError } from '#shared/errors.ts';
import { builtInPipeline } from '#shared/sigma/index.ts';
import { readRuleFiles } from '../../rules/files.ts';
import { loadLists } from '../../rules/lists.ts';

/**
 * Rules, pipelines and lists as a backtest is sent them. Throws `rule.unreadable` for a path that cannot be read: part
 * of the rules would give the wrong answer.
 */
export async function readAsk(
  paths: readonly string[],
  pipelines: readonly string[],
  listFolders: readonly string[],
) {
  const isBuiltIn = (name: string) => !existsSync(name) && builtInPipeline(name) !== undefined;
  const { lists, problems } = await loadLists(listFolders);
  if (problems[0] !== undefined) throw new VedetteError(problems[0].code, problems[0].message);
  return {
    rules: await textsOf(paths),
    pipelines: await textsOf(pipelines.filter((name) => !isBuiltIn(name))),
    builtInPipelines: pipelines.filter(isBuiltIn),
    lists: [...lists].map(([name, values]) => ({ name, values })),
  };
}

async function textsOf(paths: readonly string[]) {
  const { texts, problems } = await readRuleFiles(paths);
  const [problem] = problems;
  if (problem !== undefined)
    throw new VedetteError(problem.code as 'rule.unreadable', `${problem.file}: ${problem.message}`);
  return texts;
}
