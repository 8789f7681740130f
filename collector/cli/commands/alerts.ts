import { Command, Option } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import { alertStatuses, levels } from '../../store/contract.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, wholeNumber } from '../options.ts';

interface ListOptions extends QueryOptions {
  readonly status?: string;
  readonly host?: string;
  readonly minLevel?: string;
  readonly since?: string;
  readonly limit: number;
}
interface ChangeOptions extends QueryOptions {
  readonly note?: string;
  readonly true?: boolean;
  readonly false?: boolean;
}

async function list(options: ListOptions): Promise<void> {
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
      { title: 'n', of: (a) => String(a.count), align: 'right' },
      { title: 'reason', of: (a) => a.reason, flexible: true },
      { title: 'id', of: (a) => a.id },
    ],
    page.items,
    'No alert matches.',
  );
}

function showAlert(alert: AlertJson): void {
  const line = (name: string, value: string) => print(`${name.padEnd(10)} ${printable(value)}`);
  line('alert', alert.id);
  line('rule', `${alert.ruleTitle} (${alert.ruleId})`);
  line('level', alert.level);
  line(
    'status',
    alert.changedBy === null ? alert.status : `${alert.status} by ${alert.changedBy} at ${alert.changedAt}`,
  );
  if (alert.verdict !== null) line('verdict', alert.verdict);
  if (alert.note !== null) line('note', alert.note);
  line('host', `${alert.hostName} (${alert.hostId})`);
  line(
    'raised',
    `${alert.raisedAt}, ${alert.count} event${alert.count === 1 ? '' : 's'}, last ${alert.lastEventAt}`,
  );
  line('tags', alert.tags.join(', '));
  line('reason', alert.reason);
  print('why');
  for (const match of alert.matches) {
    print(`  ${printable(`${match.selection}: ${match.field ?? 'any field'} ${match.test}`)}`);
    print(`    found ${printable(match.value)}`);
  }
  print('event');
  for (const [name, value] of Object.entries(alert.event))
    print(`  ${name.padEnd(30)} ${printable(String(value))}`);
}

async function show(id: string, options: QueryOptions): Promise<void> {
  const alert = await clientOf(options).get<AlertJson>(`/alerts/${encodeURIComponent(id)}`);
  if (options.json) printJson(alert);
  else showAlert(alert);
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
  const alerts = new Command('alerts').description('alerts: list, show, acknowledge, close');
  addQueryOptions(
    alerts.command('list', { isDefault: true }).description('alerts, newest first (the default)'),
  )
    .addOption(new Option('--status <status>').choices([...alertStatuses]))
    .addOption(new Option('--min-level <level>', 'this level and those above').choices([...levels]))
    .option('--host <id>', 'alerts of this host')
    .option('--since <when>', 'raised since, e.g. 15m, 2h, 7d', instant)
    .option('--limit <n>', 'most alerts', wholeNumber(1, 500), 50)
    .action(list);
  addQueryOptions(alerts.command('show <id>').description('one alert with its reason and evidence')).action(
    show,
  );
  addChangeOptions(
    alerts.command('acknowledge <id>').alias('ack').description('take note of an alert'),
  ).action(changing('acknowledged'));
  addChangeOptions(alerts.command('close <id>').description('be done with an alert')).action(
    changing('closed'),
  );
  return alerts;
}
