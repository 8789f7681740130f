import { Command, InvalidArgumentError, Option } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { HuntScheduleJson, HuntScheduleRowsJson } from '../../api/resources/hunt-schedules.ts';
import { levels } from '../../store/contract.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions } from '../options.ts';

interface SetOptions extends QueryOptions {
  readonly every?: number;
  readonly daily?: string;
  readonly span?: number;
  readonly level?: string;
  readonly param?: Readonly<Record<string, string>>;
}

const daySeconds = 86_400;
const pathOf = (hunt: string) => `/hunt-schedules/${encodeURIComponent(hunt)}`;

/** Options of `hunt` itself, such as --json, stand before or behind the words of its subcommands. */
const optionsOf = <T extends QueryOptions>(command: Command): T => command.optsWithGlobals<T>();

function timeOfDay(text: string): string {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) throw new InvalidArgumentError('It must be like 06:30.');
  return text;
}

const whenOf = ({ everySeconds, dailyAt }: HuntScheduleJson) =>
  dailyAt === null ? `every ${everySeconds} s` : `daily at ${dailyAt} UTC`;

function lastOf({ last }: HuntScheduleJson): string {
  if (last === null) return 'never';
  const at = shortTime(last.startedAt);
  if (last.error !== null) return `${at} failed`;
  if (last.endedAt === null) return `${at} runs`;
  return `${at} ${last.rows}${last.isCut ? '+' : ''} rows, ${last.newRows} new`;
}

function show(schedule: HuntScheduleJson, isJson: boolean | undefined): void {
  if (isJson) {
    printJson(schedule);
    return;
  }
  const { hunt, enabled, nextAt, last, level, spanSeconds, changedAt, changedBy, parameters } = schedule;
  print(printable(`${hunt}: ${whenOf(schedule)}${enabled ? '' : ' (off)'}, over ${spanSeconds} s`));
  for (const [name, value] of Object.entries(parameters)) print(printable(`  $${name} = ${value}`));
  print(level === null ? 'new rows are kept' : `new rows raise an alert, ${level}`);
  print(`last ${lastOf(schedule)}${nextAt === null ? '' : `, next ${shortTime(nextAt)}`}`);
  if (last !== null && last.endedAt !== null)
    print(`took ${((Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000).toFixed(1)} s`);
  if (last?.error != null) print(printable(last.error));
  print(printable(`changed ${changedAt} by ${changedBy}`));
}

async function set(hunt: string, _: unknown, command: Command): Promise<void> {
  const { every, daily, span, level, param, ...options } = optionsOf<SetOptions>(command);
  if ((every === undefined) === (daily === undefined))
    throw new VedetteError('usage.invalid', 'Give either --every or --daily.');
  const body = {
    ...(every !== undefined && { everySeconds: every }),
    ...(daily !== undefined && { dailyAt: daily }),
    ...{ spanSeconds: span ?? daySeconds, level: level ?? null, parameters: param ?? {} },
  };
  show(await clientOf(options).call('PUT', pathOf(hunt), {}, body), options.json);
}

async function list(_: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  const { items } = await clientOf(options).get<{ items: HuntScheduleJson[] }>('/hunt-schedules');
  if (options.json) printJson(items);
  else
    printTable(
      [
        { title: 'hunt', of: (one: HuntScheduleJson) => one.hunt },
        { title: 'when', of: whenOf },
        { title: 'alert', of: (one) => one.level ?? 'none' },
        { title: 'next', of: (one) => (one.nextAt === null ? 'off' : shortTime(one.nextAt)) },
        { title: 'last', of: lastOf, flexible: true },
      ],
      items,
      'No hunt is scheduled. `vedette hunt schedule set NAME --every 1h` schedules one.',
    );
}

async function get(hunt: string, _: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  show(await clientOf(options).get(pathOf(hunt)), options.json);
}

async function rows(hunt: string, _: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  const found = await clientOf(options).get<HuntScheduleRowsJson>(`${pathOf(hunt)}/rows`);
  if (options.json) {
    printJson(found);
    return;
  }
  const fresh = new Set(found.newRows);
  printTable(
    [
      { title: 'new', of: (row: { i: number }) => (fresh.has(row.i) ? '*' : '') },
      ...found.columns.map(({ name }, column) => ({
        title: printable(name),
        of: (row: { i: number }) => String(found.rows[row.i]?.[column] ?? ''),
      })),
    ],
    found.rows.map((_row, i) => ({ i })),
    found.foundAt === null ? 'It has not run yet.' : 'It found nothing.',
  );
}

async function remove(hunt: string, _: unknown, command: Command): Promise<void> {
  const options = optionsOf(command);
  await clientOf(options).call('DELETE', pathOf(hunt));
  if (options.json) printJson({ removed: hunt });
  else print(printable(`${hunt} no longer runs by itself; its alerts stay`));
}

function switching(enabled: boolean) {
  return async (hunt: string, _: unknown, command: Command): Promise<void> => {
    const options = optionsOf(command);
    const client = clientOf(options);
    const { everySeconds, dailyAt, spanSeconds, level, parameters } = await client.get<HuntScheduleJson>(
      pathOf(hunt),
    );
    const when = dailyAt === null ? { everySeconds } : { dailyAt };
    const body = { ...when, spanSeconds, level, parameters, enabled };
    show(await client.call('PUT', pathOf(hunt), {}, body), options.json);
  };
}

/** `vedette hunt schedule`; `param` is the option by which `hunt` itself takes values. */
export function huntScheduleCommand(param: () => Option): Command {
  const schedule = new Command('schedule').description(
    'ready hunts that run by themselves; what the run before did not find may raise an alert',
  );
  const named = (word: string, description: string) =>
    addQueryOptions(schedule.command(word).description(description).argument('<hunt>'));
  named('set', 'let a hunt run by itself, or change when')
    .option('--every <time>', 'e.g. 15m, 1h, 1d', lifeSeconds(60, 30 * daySeconds))
    .option('--daily <HH:MM>', 'each day at that time, UTC', timeOfDay)
    .option('--span <time>', 'how far back it looks (default: 1d)', lifeSeconds(60, 400 * daySeconds))
    .addOption(
      new Option('--level <level>', 'raise an alert about new rows; without it they are only kept').choices([
        ...levels,
      ]),
    )
    .addOption(param())
    .action(set);
  addQueryOptions(schedule.command('list').description('scheduled hunts')).action(list);
  named('show', 'one scheduled hunt, and how it last went').action(get);
  named('rows', 'what it last found, and what of it was new').action(rows);
  named('off', 'switch a scheduled hunt off').action(switching(false));
  named('on', 'switch a scheduled hunt on').action(switching(true));
  named('remove', 'let a hunt no longer run by itself').action(remove);
  return schedule;
}
