import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { addDataOption, dataFolder, printable } from '#shared/terminal.ts';
import { repeated } from '../options.ts';

interface Options {
  readonly data?: string;
  readonly pipeline?: readonly string[];
  readonly lists?: readonly string[];
  readonly require?: boolean;
  readonly suggest?: string;
  readonly json?: boolean;
}

export function rulesTestCommand(): Command {
  return addDataOption(
    new Command('test')
      .description('run the cases beside rules: events that must hit and near-misses that must not')
      .argument('[paths...]', 'rule files and folders'),
  )
    .option('--require', 'fail, too, when a rule has no hit or no near-miss')
    .option('--suggest <rule>', 'print a file of cases for a rule, by its id, name or title, to start from')
    .option('--pipeline <name|file>', 'apply a processing pipeline to the rules; may be repeated', repeated)
    .option('--lists <dir>', 'folder of value lists for placeholders; may be repeated', repeated)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
The cases of my-rule.yml are in my-rule.test.yml. Without paths it tests the starter pack and rules/ in the data folder.
Exits 1 when a case fails, a file of cases is not what it should be, or a rule is refused.`,
    )
    .action(run);
}

async function run(given: readonly string[], options: Options): Promise<void> {
  const { loadRules, packListsPath, packPath } = await import('../../rules/load.ts');
  const { findCaseFiles } = await import('../../rules/cases.ts');
  const { verdictsOf } = await import('../../rules/verdicts.ts');
  const folder = dataFolder(options.data);
  const own = (name: string) => [join(folder, name)].filter((path) => existsSync(path));
  const paths = given.length > 0 ? given : [packPath, ...own('rules')];
  const lists = [packListsPath, ...own('lists'), ...(options.lists ?? [])];
  const uses = [{ pipelines: own('pipelines'), under: own('rules') }, { pipelines: options.pipeline ?? [] }];
  const { ruleSet, problems, refused } = await loadRules(paths, lists, uses);
  if (options.suggest !== undefined) {
    await suggest(options.suggest, ruleSet.rules, options.json === true);
    return;
  }
  const found = verdictsOf(ruleSet, await findCaseFiles(paths));
  const errors = [...problems.filter(({ severity }) => severity === 'error'), ...found.problems];
  const rules = [...ruleSet.rules, ...ruleSet.correlations].map(({ rule: { id, title, file } }) => ({
    ...{ id, title, file },
    verdict: found.verdicts.get(id) ?? 'untested',
  }));
  const count = (verdict: string) => rules.filter((rule) => rule.verdict === verdict).length;
  const failed = found.results.filter(({ passed }) => !passed);
  const summary = {
    cases: found.results.length,
    failed: failed.length,
    rules: rules.length,
    tested: count('tested'),
    untested: count('untested'),
    refused,
  };
  if (options.json) printJson({ summary, rules, cases: found.results, problems: errors });
  else {
    for (const p of errors) tell(`${p.file}:${p.line}:${p.column}: ${p.code}: ${p.message}`);
    for (const { file, name, expect, detail } of failed) {
      tell(`${file}: ${name} (${expect}): failed`);
      for (const line of detail.split('\n')) tell(`  ${line}`);
    }
    if (options.require === true)
      for (const { title, file } of rules.filter(({ verdict }) => verdict === 'untested'))
        tell(`${file}: ${title}: no case that hits and no near-miss, or one of them`);
    tell(
      `${summary.cases} cases, ${summary.failed} failed; ${summary.tested} of ${summary.rules} rules tested, ${summary.untested} untested, ${refused} refused`,
    );
  }
  const isLacking = options.require === true && summary.untested > 0;
  if (failed.length > 0 || errors.length > 0 || isLacking) process.exitCode = 1;
}

async function suggest(
  wanted: string,
  rules: readonly import('#shared/sigma/index.ts').CompiledRule[],
  asJson: boolean,
): Promise<void> {
  const { suggestCases } = await import('../../rules/suggest-case.ts');
  const low = wanted.toLowerCase();
  const meant = rules.find(({ rule: { id, name, title } }) =>
    [id, name, title].some((one) => one?.toLowerCase() === low),
  );
  if (meant === undefined) throw new VedetteError('rule.not_found', `No accepted rule is \`${wanted}\`.`);
  const suggestion = suggestCases(meant);
  if (asJson) printJson(suggestion);
  else process.stdout.write(suggestion.text.split('\n').map(printable).join('\n'));
  if (suggestion.cases.length === 0) process.exitCode = 1;
}

function tell(text: string): void {
  print(printable(text));
}
