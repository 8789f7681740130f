import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { RiskJson } from '../../api/json/risk.ts';
import { addQueryOptions, clientOf, type QueryOptions, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly user?: string | true;
  readonly host?: string | true;
  readonly limit: number;
}

async function run(options: Options): Promise<void> {
  const { user, host, limit, json } = options;
  if (user !== undefined && host !== undefined)
    throw new VedetteError('usage.invalid', 'Name --user or --host, not both.');
  const kind = user !== undefined ? 'user' : host !== undefined ? 'host' : undefined;
  const named = user ?? host;
  const id = named === true ? undefined : named;
  const { items } = await clientOf(options).get<{ readonly items: readonly RiskJson[] }>('/risk', {
    ...{ kind, id, limit },
  });
  if (json) {
    printJson(items);
    return;
  }
  printTable<RiskJson>(
    [
      { title: 'score', of: ({ score }) => String(Math.round(score)), align: 'right' },
      { title: 'kind', of: (risk) => risk.kind },
      { title: 'name', of: ({ name }) => name },
      { title: 'alerts', of: ({ alerts }) => String(alerts), align: 'right' },
      { title: 'because of', of: whyWords, flexible: true },
    ],
    items,
    'No alert counts.',
  );
  if (id !== undefined) for (const risk of items) showContributions(risk);
}

const told = 3;

function whyWords({ contributions }: RiskJson): string {
  return contributions
    .slice(0, told)
    .map(({ ruleTitle, points }) => `${ruleTitle} ${Math.round(points)}`)
    .join(', ');
}

function showContributions({ kind, name, contributions }: RiskJson): void {
  print('');
  print(printable(`${kind} ${name}`));
  printTable(
    [
      {
        title: 'points',
        of: (one: RiskJson['contributions'][number]) => one.points.toFixed(1),
        align: 'right',
      },
      { title: 'level', of: ({ level }) => level },
      { title: 'sure', of: ({ confidence }) => `${confidence} %`, align: 'right' },
      { title: 'repeat', of: ({ repeat }) => String(repeat), align: 'right' },
      { title: 'rule', of: ({ ruleTitle }) => ruleTitle, flexible: true },
      { title: 'alert', of: ({ alertId }) => alertId },
    ],
    contributions,
    'Nothing.',
  );
}

export function riskCommand(): Command {
  return addQueryOptions(
    new Command('risk').description('how much reason there is to look at each host and user, and why'),
  )
    .option('--host [host]', 'hosts only, or one by name or id')
    .option('--user [user]', 'users only, or one by name')
    .option('--limit <n>', 'most hosts and users', wholeNumber(1, 500), 50)
    .addHelpText(
      'after',
      `
The score adds up what alerts weigh: their level, their confidence and the weight of the host, halved again and again
with time; repeats of one rule count less and less. Alerts found false do not count.`,
    )
    .action(run);
}
