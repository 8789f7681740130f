import { Command, Option } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { RiskJson } from '../../api/json/risk.ts';
import type { StoryJson } from '../../api/json/story.ts';
import { alertStatuses, levels } from '../../store/contract.ts';
import { type AlertContext, showAlert } from '../alerts/show.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, wholeNumber } from '../options.ts';
import { addExceptionCommands, listExceptions } from './alert-exceptions.ts';

interface ListOptions extends QueryOptions {
  readonly status?: string;
  readonly host?: string;
  readonly minLevel?: string;
  readonly since?: string;
  readonly limit: number;
  readonly suppressed?: boolean;
}
interface ChangeOptions extends QueryOptions {
  readonly note?: string;
  readonly true?: boolean;
  readonly false?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  if (options.suppressed) return await listExceptions(options);
  const { status, host, minLevel, since, limit } = options;
  const page = await clientOf(options).get<{ readonly items: readonly AlertJson[] }>('/alerts', {
    status,
    host,
    minLevel,
    since,
    limit,
  });
  if (options.json) {
    printJson(page.items);
    return;
  }
  printTable<AlertJson>(
    [
      { title: 'time', of: (a) => shortTime(a.raisedAt) },
      { title: 'level', of: (a) => a.level },
      { title: 'status', of: (a) => a.status },
      { title: 'host', of: (a) => a.hostName },
      { title: 'sure', of: (a) => `${a.confidence} %`, align: 'right' },
      { title: 'n', of: (a) => String(a.count), align: 'right' },
      { title: 'reason', of: (a) => a.reason, flexible: true },
      { title: 'id', of: (a) => a.id },
    ],
    page.items,
    'No alert matches.',
  );
}

/** What is known besides; an alert is shown even where that cannot be had. */
async function contextOf(client: Client, { storyId, hostId }: AlertJson): Promise<AlertContext> {
  const [found, risks] = await Promise.all([
    storyId === null
      ? undefined
      : client
          .get<{ readonly story: StoryJson }>(`/stories/${encodeURIComponent(storyId)}`)
          .catch(() => undefined),
    hostId === ''
      ? undefined
      : client
          .get<{ readonly items: readonly RiskJson[] }>('/risk', { kind: 'host', id: hostId })
          .catch(() => undefined),
  ]);
  return { story: found?.story, risk: risks?.items[0] };
}

async function show(id: string, options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  const alert = await client.get<AlertJson>(`/alerts/${encodeURIComponent(id)}`);
  if (options.json) printJson(alert);
  else showAlert(alert, await contextOf(client, alert));
}

function changing(status: 'acknowledged' | 'closed') {
  return async (id: string, options: ChangeOptions): Promise<void> => {
    if (options.true === true && options.false === true)
      throw new VedetteError('usage.invalid', 'An alert is true or false, not both.');
    const verdict =
      options.true === true ? 'true-positive' : options.false === true ? 'false-positive' : undefined;
    const body = { status, note: options.note, verdict };
    const alert = await clientOf(options).call<AlertJson>(
      'PATCH',
      `/alerts/${encodeURIComponent(id)}`,
      {},
      body,
    );
    if (options.json) printJson(alert);
    else print(`${alert.id} is ${alert.status}`);
  };
}

function addChangeOptions(command: Command): Command {
  return addQueryOptions(command)
    .option('--note <text>', 'why, for the next reader')
    .option('--true', 'it was a true positive; `rules stats` counts it')
    .option('--false', 'it was a false positive; `rules suggest` proposes filters from them');
}

export function alertsCommand(): Command {
  const alerts = new Command('alerts').description('alerts: list, show, acknowledge, close, except');
  addQueryOptions(
    alerts.command('list', { isDefault: true }).description('alerts, newest first (the default)'),
  )
    .addOption(new Option('--status <status>').choices([...alertStatuses]))
    .addOption(new Option('--min-level <level>', 'this level and those above').choices([...levels]))
    .option('--host <id>', 'alerts of this host')
    .option('--since <when>', 'raised since, e.g. 15m, 2h, 7d', instant)
    .option('--limit <n>', 'most alerts', wholeNumber(1, 500), 50)
    .option('--suppressed', 'what is hidden instead: exceptions, how often and when last')
    .action(list);
  addQueryOptions(
    alerts.command('show <id>').description('one alert: why, what to do, what it rests on'),
  ).action(show);
  addChangeOptions(
    alerts.command('acknowledge <id>').alias('ack').description('take note of an alert'),
  ).action(changing('acknowledged'));
  addChangeOptions(alerts.command('close <id>').description('be done with an alert')).action(
    changing('closed'),
  );
  addExceptionCommands(alerts);
  return alerts;
}
