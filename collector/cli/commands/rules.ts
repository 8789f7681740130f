import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import { addDataOption, dataFolder, printable } from '#shared/terminal.ts';
import type { LintReport } from '../../rules/load.ts';
import { rulesAdvisoriesCommand } from './rules-advisories.ts';
import { rulesBacktestCommand } from './rules-backtest.ts';
import { rulesBuildCommand } from './rules-build.ts';
import { rulesBundleCommands } from './rules-bundles.ts';
import { rulesCoverageCommand } from './rules-coverage.ts';
import { rulesDetectorsCommand } from './rules-detectors.ts';
import { rulesEvalCommand } from './rules-eval.ts';
import { rulesExplainCommand } from './rules-explain.ts';
import { rulesImportCommand } from './rules-import.ts';
import { rulesKeygenCommand } from './rules-keygen.ts';
import { rulesRolloutCommands } from './rules-rollout.ts';
import { rulesRootCommand } from './rules-root.ts';
import { rulesSignCommand, rulesVerifyCommand } from './rules-sign.ts';
import { rulesStatsCommand } from './rules-stats.ts';
import { rulesStatusCommand } from './rules-status.ts';
import { rulesSuggestCommand } from './rules-suggest.ts';
import { rulesTestCommand } from './rules-test.ts';

interface Options {
  readonly data?: string;
  readonly json?: boolean;
  readonly warnings: boolean;
  readonly pipeline: readonly string[];
}

function show({ problems, summary }: LintReport, withWarnings: boolean): void {
  for (const p of problems) {
    if (p.severity === 'warning' && !withWarnings) continue;
    print(printable(`${p.file}:${p.line}:${p.column}: ${p.severity} ${p.code}: ${p.message} ${p.action}`));
  }
  const reasons = Object.entries(summary.byReason).map(([code, n]) => `${n} ${code}`);
  print(
    `${summary.rules} rules: ${summary.accepted} accepted, ${summary.refused} refused${
      reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
    }, ${summary.warnings} warnings, ${summary.inactive} about events no sensor makes`,
  );
}

export function rulesCommand(): Command {
  const rules = new Command('rules').description('Sigma rules, and bundles of them');
  addDataOption(
    rules
      .command('lint [paths...]')
      .description('check rules without using them; exits 1 when one is refused'),
  )
    .option('--no-warnings', 'print errors only')
    .option(
      '--pipeline <name|file>',
      'apply a processing pipeline to the rules, built-in or from a file; may be repeated',
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nWithout paths it checks the starter pack and rules/ in the data folder. Value lists come from lists/ of both. Rules of the data folder go through the pipelines in its pipelines/.',
    )
    .action(async (paths: readonly string[], options: Options) => {
      const { lint, packListsPath, packPath } = await import('../../rules/load.ts');
      const folder = dataFolder(options.data);
      const own = (name: string) => [join(folder, name)].filter((path) => existsSync(path));
      const lists = [packListsPath, ...own('lists')];
      const uses = [{ pipelines: own('pipelines'), under: own('rules') }, { pipelines: options.pipeline }];
      const report = await lint(paths.length > 0 ? paths : [packPath, ...own('rules')], lists, uses);
      if (options.json) printJson(report);
      else show(report, options.warnings);
      if (report.summary.refused > 0) process.exitCode = 1;
    });
  rules.addCommand(rulesEvalCommand());
  rules.addCommand(rulesExplainCommand());
  rules.addCommand(rulesTestCommand());
  rules.addCommand(rulesStatsCommand());
  rules.addCommand(rulesSuggestCommand());
  rules.addCommand(rulesCoverageCommand());
  rules.addCommand(rulesImportCommand());
  rules.addCommand(rulesBacktestCommand());
  rules.addCommand(rulesKeygenCommand());
  rules.addCommand(rulesRootCommand());
  rules.addCommand(rulesBuildCommand());
  rules.addCommand(rulesSignCommand());
  rules.addCommand(rulesVerifyCommand());
  for (const command of rulesBundleCommands()) rules.addCommand(command);
  for (const command of rulesRolloutCommands()) rules.addCommand(command);
  rules.addCommand(rulesStatusCommand());
  rules.addCommand(rulesDetectorsCommand());
  rules.addCommand(rulesAdvisoriesCommand());
  return rules;
}
