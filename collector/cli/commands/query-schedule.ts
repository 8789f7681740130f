import { Command } from 'commander';
import { print, printJson, printTable } from '#shared/output.ts';
import { scheduleBounds } from '#shared/query/schedule.ts';
import { printable } from '#shared/terminal.ts';
import type { QueryScheduleJson } from '../../api/resources/query-schedules.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions, several } from '../options.ts';

interface AddOptions extends QueryOptions {
  readonly every: number;
  readonly hosts: readonly string[];
}

const pathOf = (name: string) => `/query-schedules/${encodeURIComponent(name)}`;

/** Options of `query` itself, such as --json, stand before or behind the words of its subcommands. */
function optionsOf<T extends QueryOptions>(command: Command): T {
  return command.optsWithGlobals<T>();
}

function show(schedule: QueryScheduleJson, isJson: boolean | undefined): void {
  if (isJson) {
    printJson(schedule);
    return;
  }
  const { name, sql, intervalSeconds, hosts, enabled, changedAt, changedBy } = schedule;
  print(printable(`${name}: every ${intervalSeconds} s on ${hosts.join(', ')}${enabled ? '' : ' (off)'}`));
  print(printable(sql));
  print(printable(`changed ${changedAt} by ${changedBy}`));
}

async function add(name: string, sql: string, _: unknown, command: Command): Promise<void> {
  const { every, hosts, ...options } = optionsOf<AddOptions>(command);
  const body = { name, sql, intervalSeconds: every, hosts: hosts.length === 0 ? ['all'] : hosts };
  show(await clientOf(options).call('POST', '/query-schedules', {}, body), options.json);
}

async function list(_: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  const { items } = await clientOf(options).get<{ items: QueryScheduleJson[] }>('/query-schedules');
  if (options.json) printJson(items);
  else
    printTable(
      [
        { title: 'name', of: (one: QueryScheduleJson) => one.name },
        { title: 'every', of: (one) => `${one.intervalSeconds} s`, align: 'right' },
        { title: 'state', of: (one) => (one.enabled ? 'on' : 'off') },
        { title: 'hosts', of: (one) => one.hosts.join() },
        { title: 'sql', of: (one) => one.sql.replaceAll(/\s+/g, ' '), flexible: true },
      ],
      items,
      'No query is scheduled.',
    );
}

async function get(name: string, _: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  show(await clientOf(options).get(pathOf(name)), options.json);
}

async function remove(name: string, _: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  show(await clientOf(options).call('DELETE', pathOf(name)), options.json);
}

function switching(enabled: boolean) {
  return async (name: string, _: unknown, command: Command): Promise<void> => {
    const options = optionsOf(command);
    show(await clientOf(options).call('PATCH', pathOf(name), {}, { enabled }), options.json);
  };
}

/** `vedette query schedule`. */
export function scheduleCommand(): Command {
  const schedule = new Command('schedule').description(
    'queries that hosts ask themselves; how the answers differ becomes query.result events',
  );
  const named = (word: string, description: string) =>
    addQueryOptions(schedule.command(word).description(description).argument('<name>'));
  named('add', 'schedule a query')
    .argument('<sql>')
    .option(
      '--every <time>',
      'time between runs, e.g. 30s, 5m or 1d',
      lifeSeconds(scheduleBounds.minIntervalS, scheduleBounds.maxIntervalS),
      300,
    )
    .option(
      '--hosts <names>',
      'ids, names or patterns such as web*, comma separated; all without it',
      several,
      [],
    )
    .action(add);
  addQueryOptions(schedule.command('list').description('scheduled queries')).action(list);
  named('show', 'one scheduled query').action(get);
  named('remove', 'remove a scheduled query; the events it led to stay').action(remove);
  named('off', 'switch a scheduled query off').action(switching(false));
  named('on', 'switch a scheduled query on').action(switching(true));
  return schedule;
}
