import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { BacktestJson } from '../../api/json/backtest.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, repeated } from '../options.ts';
import { showReport } from '../rules/backtest-report.ts';
import { readAsk } from '../rules/read-ask.ts';

interface Options extends QueryOptions {
  readonly since: string;
  readonly until?: string;
  readonly host?: readonly string[];
  readonly pipeline?: readonly string[];
  readonly lists?: readonly string[];
  readonly compare: boolean;
  readonly failOnAlerts?: boolean;
}

const pollMs = 300;

export function rulesBacktestCommand(): Command {
  return addQueryOptions(
    new Command('backtest')
      .description('run rules over stored events and say what they would have found')
      .argument('<paths...>', 'rule files and folders'),
  )
    .option(
      '--since <when>',
      'events not before, e.g. 15m, 2h, 30d or 2026-01-31T12:00:00Z',
      instant,
      instant('30d'),
    )
    .option('--until <when>', 'events not after', instant)
    .option('--host <name>', 'only events of this host; may be repeated', repeated)
    .option('--pipeline <name|file>', 'apply a processing pipeline to the rules; may be repeated', repeated)
    .option('--lists <dir>', 'folder of value lists for placeholders; may be repeated', repeated)
    .option('--no-compare', 'do not say what would change against the rules in force')
    .option('--fail-on-alerts', 'exit 1 when the rules raise any alert')
    .addHelpText(
      'after',
      `
The collector runs it in a process of its own, with the same engine as live detection: alerts have the same ids and
counts, correlations included. Control-C cancels it. Exits 1 when no rule was accepted or it could not be finished.

  vedette rules backtest my-rules/ --since 7d`,
    )
    .action(run);
}

async function run(paths: readonly string[], options: Options): Promise<void> {
  const { since, until, host: hosts = [], compare, json } = options;
  const texts = await readAsk(paths, options.pipeline ?? [], options.lists ?? []);
  const client = clientOf(options);
  const { id } = await client.call<BacktestJson>(
    'POST',
    '/backtests',
    {},
    {
      ...texts,
      ...{ since, hosts, compare },
      ...(until !== undefined && { until }),
    },
  );
  const cancel = () => void client.call('DELETE', `/backtests/${id}`).catch(() => undefined);
  process.once('SIGINT', cancel);
  const done = await ended(client, id);
  process.off('SIGINT', cancel);
  const { report, failure, state } = done;
  if (report === null)
    throw new VedetteError(
      (failure?.code ??
        (state === 'cancelled' ? 'backtest.cancelled' : 'backtest.failed')) as 'backtest.failed',
      failure?.detail ?? 'It has no report.',
    );
  if (json) printJson(done);
  else showReport(report);
  if (options.failOnAlerts === true && report.alerts > 0) process.exitCode = 1;
}

async function ended(client: Client, id: string): Promise<BacktestJson> {
  const isShown = process.stderr.isTTY === true;
  for (;;) {
    const now = await client.get<BacktestJson>(`/backtests/${id}`);
    const { progress, state } = now;
    const isOver = state !== 'waiting' && state !== 'running';
    if (isShown) {
      const share = progress === null || progress.of === 0 ? 0 : (100 * progress.events) / progress.of;
      const line = `${state} ${Math.floor(share)} % ${progress?.alerts ?? 0} alerts`;
      process.stderr.write(isOver ? '\r\u001b[K' : `\r\u001b[K${printable(line)}`);
    }
    if (isOver) return now;
    await sleep(pollMs);
  }
}
