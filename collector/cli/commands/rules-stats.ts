import { Command } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import type { RuleStatsJson } from '../../api/json/rule-stats.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions } from '../options.ts';

interface Options extends QueryOptions {
  readonly since?: string;
  readonly until?: string;
  readonly all?: boolean;
}

export function rulesStatsCommand(): Command {
  return addQueryOptions(
    new Command('stats').description('what rules raised, what it was found to be, what they cost, when last'),
  )
    .option('--since <when>', 'alerts raised since, e.g. 7d', instant, instant('30d'))
    .option('--until <when>', 'alerts raised until', instant)
    .option('--all', 'rules that raised nothing, too')
    .addHelpText(
      'after',
      '\nTrue and false are what people said when they closed alerts (`alerts close ID --false`). The cost is what the last backtest of a rule measured.',
    )
    .action(run);
}

async function run({ since, until, all, json, ...rest }: Options): Promise<void> {
  const { items } = await clientOf(rest).get<{ readonly items: readonly RuleStatsJson[] }>('/rules/stats', {
    since,
    until,
  });
  const meant = all === true ? items : items.filter(({ alerts }) => alerts > 0);
  if (json) {
    printJson(meant);
    return;
  }
  printTable<RuleStatsJson>(
    [
      { title: 'alerts', of: (r) => String(r.alerts), align: 'right' },
      { title: 'hosts', of: (r) => String(r.hosts), align: 'right' },
      { title: 'open', of: (r) => String(r.open), align: 'right' },
      { title: 'true', of: (r) => String(r.truePositives), align: 'right' },
      { title: 'false', of: (r) => String(r.falsePositives), align: 'right' },
      { title: 'ns/event', of: (r) => (r.costNs === null ? '' : String(r.costNs)), align: 'right' },
      { title: 'last', of: (r) => (r.lastRaisedAt === null ? '' : shortTime(r.lastRaisedAt)) },
      { title: 'level', of: (r) => r.level },
      { title: 'rule', of: (r) => r.title, flexible: true },
    ],
    meant,
    'No rule raised an alert in that time.',
  );
  const quiet = items.filter(({ alerts, isLoaded }) => alerts === 0 && isLoaded).length;
  print(`${quiet} loaded rules raised nothing.`);
}
