import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { addDataOption, dataFolder, printable } from '#shared/terminal.ts';
import type { RuleStatsJson } from '../../api/json/rule-stats.ts';
import type { Coverage } from '../../rules/coverage/coverage.ts';
import { clientOf, instant, repeated } from '../options.ts';

interface Options {
  readonly data?: string;
  readonly since?: string;
  readonly until?: string;
  readonly pipeline?: readonly string[];
  readonly layer?: string;
  readonly json?: boolean;
}

export function rulesCoverageCommand(): Command {
  return addDataOption(
    new Command('coverage')
      .description('what of MITRE ATT&CK rules cover, what of it sensors feed, and what was seen of it')
      .argument('[paths...]', 'rule files and folders'),
  )
    .option('--since <when>', 'count alerts raised since, e.g. 30d; asks the running collector', instant)
    .option('--until <when>', 'count alerts raised until', instant)
    .option('--pipeline <name|file>', 'apply a processing pipeline to the rules; may be repeated', repeated)
    .option('--layer <file>', 'write a layer for ATT&CK Navigator')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Without paths: the starter pack and rules/ in the data folder. Techniques stand under the tactics that rules name with
them. A rule is fed where some event type of our sensors fits its logsource and has the fields it cannot do without.`,
    )
    .action(run);
}

async function run(paths: readonly string[], options: Options): Promise<void> {
  const { loadRules, packListsPath, packPath } = await import('../../rules/load.ts');
  const { coverageOf } = await import('../../rules/coverage/coverage.ts');
  const folder = dataFolder(options.data);
  const own = (name: string) => [join(folder, name)].filter((path) => existsSync(path));
  const { ruleSet } = await loadRules(
    paths.length > 0 ? paths : [packPath, ...own('rules')],
    [packListsPath, ...own('lists')],
    [{ pipelines: own('pipelines'), under: own('rules') }, { pipelines: options.pipeline ?? [] }],
  );
  const coverage = coverageOf(ruleSet, await alertsOf(options));
  if (options.layer !== undefined) {
    const { navigatorLayer } = await import('../../rules/coverage/layer.ts');
    try {
      writeFileSync(options.layer, `${JSON.stringify(navigatorLayer(coverage, 'Vedette'), null, 2)}\n`);
    } catch (error) {
      throw new VedetteError('usage.invalid', `${options.layer}: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }
  if (options.json) printJson(coverage);
  else show(coverage);
}

async function alertsOf(options: Options): Promise<((ruleId: string) => number) | undefined> {
  const { since, until } = options;
  if (since === undefined && until === undefined) return undefined;
  const { items } = await clientOf(options).get<{ readonly items: readonly RuleStatsJson[] }>(
    '/rules/stats',
    {
      since,
      until,
    },
  );
  const counts = new Map(items.map(({ id, alerts }) => [id, alerts]));
  return (ruleId) => counts.get(ruleId) ?? 0;
}

function show({ techniques, tactics, summary }: Coverage): void {
  const byId = new Map(techniques.map((technique) => [technique.id, technique]));
  for (const { name, techniques: ids } of tactics) {
    print(printable(name));
    for (const id of ids) {
      const technique = byId.get(id);
      if (technique === undefined) continue;
      const { rules, fed, alerts } = technique;
      const seen = alerts === null ? '' : `, ${alerts} alerts`;
      print(
        printable(
          `  ${id.padEnd(10)} ${'█'.repeat(Math.min(fed, 30))}${'░'.repeat(Math.min(rules - fed, 30))} ${fed} of ${rules} rules fed${seen}`,
        ),
      );
    }
  }
  const fired = summary.fired === null ? '' : `, ${summary.fired} seen`;
  print(
    `${summary.techniques} techniques, ${summary.fedTechniques} of them fed by sensors${fired}; ${summary.fed} of ${summary.rules} rules fed, ${summary.withoutTechnique} name no technique`,
  );
}
