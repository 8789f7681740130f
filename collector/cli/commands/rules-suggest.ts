import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { BacktestJson } from '../../api/json/backtest.ts';
import type { RuleStatsJson } from '../../api/json/rule-stats.ts';
import type { NoiseFilter } from '../../rules/noise.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly since: string;
  readonly rule?: string;
  readonly minAlerts: number;
  readonly rules: number;
}

/** A proposal with what a backtest says of it. */
interface Tested extends NoiseFilter {
  readonly filter: string;
  /** Alerts that would be gone, of those the rules in force raise in the same time. */
  readonly removed: number;
  readonly of: number;
  /** Alerts that people found true and that would be gone. */
  readonly lost: readonly string[];
}

interface Suggestion {
  readonly id: string;
  readonly title: string;
  readonly alerts: number;
  readonly proposals: readonly Tested[];
}

const pollMs = 300;
const pageSize = 500;

export function rulesSuggestCommand(): Command {
  return addQueryOptions(
    new Command('suggest').description('filters for noisy rules, each tested by a backtest'),
  )
    .option('--since <when>', 'alerts and events since, e.g. 7d', instant, instant('30d'))
    .option('--rule <id>', 'only this rule')
    .option('--min-alerts <n>', 'a rule with fewer is not noisy', wholeNumber(1, 1_000_000), 20)
    .option('--rules <n>', 'most rules to look at, the noisiest first', wholeNumber(1, 100), 5)
    .addHelpText(
      'after',
      `
Looks for a value that many alerts of a rule share: of those closed as false where there are any, else of all. Says how
many alerts a filter on it would have removed, and which of those that were found true it would have lost.`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { since, rule, minAlerts, rules: most, json } = options;
  const client = clientOf(options);
  const { items } = await client.get<{ readonly items: readonly RuleStatsJson[] }>('/rules/stats', { since });
  const noisy = items.filter(
    ({ id, alerts, isLoaded }) =>
      isLoaded && alerts >= (rule === undefined ? minAlerts : 1) && (rule ?? id) === id,
  );
  if (rule !== undefined && noisy.length === 0)
    throw new VedetteError('rule.not_found', `No loaded rule ${rule} raised an alert in that time.`);
  const found: Suggestion[] = [];
  for (const one of noisy.slice(0, most)) found.push(await suggestionFor(client, one, since));
  if (json) printJson(found);
  else show(found);
}

async function suggestionFor(
  client: Client,
  { id, title, alerts }: RuleStatsJson,
  since: string,
): Promise<Suggestion> {
  const { proposeFilters, filterText } = await import('../../rules/noise.ts');
  const judged = await alertsOf(client, id, since);
  const { text, file } = await client.get<{ text: string; file: string }>(`/rules/${encodeURIComponent(id)}`);
  const watched = judged.filter(({ verdict }) => verdict === 'true-positive').map((alert) => alert.id);
  const proposals: Tested[] = [];
  for (const proposal of proposeFilters(judged)) {
    const filter = filterText(text, id, proposal);
    if (filter === undefined) continue;
    const { report } = await backtest(client, {
      rules: [
        { file, text },
        { file: 'filter.yml', text: filter },
      ],
      ...{ since, watched },
    });
    const outcome = report?.outcomes.find((one) => one.id === id);
    const difference = outcome?.difference;
    if (report === null || difference === null || difference === undefined) continue;
    const of = difference.gone + difference.same + difference.changed;
    if (difference.gone > 0)
      proposals.push({ ...proposal, filter, removed: difference.gone, of, lost: report.watchedGone });
  }
  proposals.sort((a, b) => a.lost.length - b.lost.length || b.removed - a.removed);
  return { id, title, alerts, proposals };
}

async function alertsOf(client: Client, rule: string, since: string): Promise<readonly AlertJson[]> {
  const { noiseBounds } = await import('../../rules/noise.ts');
  const all: AlertJson[] = [];
  for (let cursor: string | null | undefined; cursor !== null && all.length < noiseBounds.alerts; ) {
    const page: { items: readonly AlertJson[]; next: string | null } = await client.get('/alerts', {
      ...{ rule, since, limit: pageSize },
      ...(cursor !== undefined && { cursor }),
    });
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

async function backtest(client: Client, ask: object): Promise<BacktestJson> {
  const { id } = await client.call<BacktestJson>('POST', '/backtests', {}, ask);
  for (;;) {
    const now = await client.get<BacktestJson>(`/backtests/${id}`);
    if (now.state === 'done') return now;
    if (now.state === 'failed' || now.state === 'cancelled')
      throw new VedetteError(
        (now.failure?.code ?? 'backtest.cancelled') as 'backtest.failed',
        now.failure?.detail ?? 'It was cancelled.',
      );
    await sleep(pollMs);
  }
}

function show(found: readonly Suggestion[]): void {
  if (found.length === 0) print('No rule is noisy.');
  for (const { title, id, alerts, proposals } of found) {
    print(printable(`${title} (${id}): ${alerts} alerts`));
    if (proposals.length === 0) print('  No single value stands for much of it.');
    for (const { field, value, removed, of, lost, falsePositives } of proposals)
      print(
        printable(
          `  without ${field} ${value}: ${removed} of ${of} alerts gone, ${falsePositives} of those found false, ${lost.length} found true lost`,
        ),
      );
    const [best] = proposals;
    if (best !== undefined)
      for (const line of best.filter.trimEnd().split('\n')) print(printable(`    ${line}`));
  }
}
