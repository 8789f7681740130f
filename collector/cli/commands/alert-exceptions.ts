import type { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { ExceptionJson } from '../../api/json/exception.ts';
import { filterOf, proposedFields } from '../alerts/scope-filter.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions, several } from '../options.ts';

interface Until {
  readonly until?: number;
  readonly reason?: string;
  readonly hosts?: string;
  readonly dryRun?: boolean;
}
interface ExceptOptions extends QueryOptions, Until {
  readonly fields?: readonly string[];
  readonly filter?: string;
  readonly anyRule?: boolean;
}
interface MuteOptions extends QueryOptions, Until {
  readonly rule?: string;
}

/** What an exception is about, as the API takes it. */
interface Scope {
  readonly rule?: string;
  readonly entity?: string;
  readonly hosts?: string;
  readonly filter?: string;
}

interface Preview {
  readonly alerts: number;
  readonly events: number;
  readonly truePositives: number;
  readonly lookedAt: number;
  readonly isCut: boolean;
}

const yearSeconds = 366 * 86_400;

function previewWords({ alerts, events, truePositives, lookedAt, isCut }: Preview): string {
  const of = `${lookedAt}${isCut ? ' looked at' : ''}`;
  const lost = truePositives === 0 ? '' : `; ${truePositives} of them were found TRUE`;
  return `Of the last 30 days it would have hidden ${alerts} of ${of} alerts (${events} events)${lost}.`;
}

/** Says what it would have hidden, and makes it unless only that was asked. */
async function make(client: Client, scope: Scope, options: Until & QueryOptions): Promise<void> {
  const { until, reason, dryRun, json } = options;
  const preview = await client.call<Preview>('POST', '/exceptions/preview', {}, scope);
  if (dryRun) {
    if (json) printJson({ scope, preview });
    else {
      print(printable(scopeWords(scope)));
      print(previewWords(preview));
    }
    return;
  }
  if (until === undefined || reason === undefined)
    throw new VedetteError('usage.invalid', 'An exception needs --until and --reason.');
  const expiresAt = new Date(Date.now() + until * 1000).toISOString();
  const body = { ...scope, reason, expiresAt };
  const made = await client.call<ExceptionJson>('POST', '/exceptions', {}, body);
  if (json) {
    printJson({ exception: made, preview });
    return;
  }
  print(printable(`${made.id} hides ${scopeWords(scope)} until ${shortTime(made.expiresAt)}`));
  print(previewWords(preview));
}

function scopeWords({ rule, entity, hosts, filter }: Scope): string {
  return [
    rule === undefined ? 'any rule' : `rule ${rule}`,
    ...(entity === undefined ? [] : ['the same entity']),
    ...(hosts === undefined ? [] : [`hosts ${hosts}`]),
    ...(filter === undefined || filter === '' ? [] : [filter]),
  ].join(', ');
}

async function alertOf(client: Client, id: string): Promise<AlertJson> {
  return await client.get<AlertJson>(`/alerts/${encodeURIComponent(id)}`);
}

async function except(id: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<ExceptOptions>();
  const { fields, filter, hosts, anyRule } = options;
  const client = clientOf(options);
  const alert = await alertOf(client, id);
  if (fields === undefined && filter === undefined) {
    propose(alert, options);
    return;
  }
  const written = [
    ...(fields === undefined ? [] : [filterOf(alert, fields)]),
    ...(filter === undefined ? [] : [`(${filter})`]),
  ];
  const scope = {
    ...(anyRule !== true && { rule: alert.ruleId }),
    ...(hosts !== undefined && { hosts }),
    filter: written.join(' and '),
  };
  await make(client, scope, options);
}

function propose(alert: AlertJson, { json }: QueryOptions): void {
  const fields = proposedFields(alert).map((field) => ({ field, value: alert.event[field] }));
  if (json) {
    printJson(fields);
    return;
  }
  printTable(
    [
      { title: 'field', of: (one: (typeof fields)[number]) => one.field },
      {
        title: 'value in this alert',
        of: (one: (typeof fields)[number]) => String(one.value),
        flexible: true,
      },
    ],
    fields,
    'Its event has no field to make an exception of; use --filter, or mute it.',
  );
  if (fields.length > 0)
    print(
      printable(
        `Make one with: vedette alerts except ${alert.id} --fields ${fields.map(({ field }) => field).join(',')} --until 30d --reason TEXT`,
      ),
    );
}

async function mute(id: string | undefined, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<MuteOptions>();
  const { rule, hosts } = options;
  if ((id === undefined) === (rule === undefined))
    throw new VedetteError('usage.invalid', 'Name an alert, or a rule with --rule.');
  const client = clientOf(options);
  const onHosts = hosts !== undefined && { hosts };
  if (rule !== undefined) return await make(client, { rule, ...onHosts }, options);
  const { key, ruleId } = await alertOf(client, id as string);
  if (key === null)
    throw new VedetteError(
      'usage.invalid',
      'This alert is of the collector itself; mute its rule with --rule.',
    );
  await make(client, { rule: ruleId, entity: key, ...onHosts }, options);
}

export async function listExceptions(options: QueryOptions): Promise<void> {
  const { items } = await clientOf(options).get<{ readonly items: readonly ExceptionJson[] }>('/exceptions');
  if (options.json) {
    printJson(items);
    return;
  }
  const about = ({ ruleId, key, hosts, filter }: ExceptionJson) =>
    scopeWords({
      ...(ruleId !== null && { rule: ruleId }),
      ...(key !== null && { entity: key }),
      ...(hosts !== null && { hosts }),
      filter,
    });
  printTable<ExceptionJson>(
    [
      { title: 'id', of: ({ id }) => id },
      { title: 'expires', of: expiryWords },
      { title: 'hidden', of: ({ hits }) => String(hits), align: 'right' },
      {
        title: 'last hidden',
        of: ({ lastHitAt, lastHost }) =>
          lastHitAt === null ? 'never' : `${shortTime(lastHitAt)} ${lastHost ?? ''}`,
      },
      { title: 'by', of: ({ madeBy }) => madeBy },
      { title: 'what', of: about, flexible: true },
      { title: 'reason', of: ({ reason }) => reason },
    ],
    items,
    'Nothing is hidden.',
  );
}

function expiryWords({ expiresAt, isExpired, expiresSoon }: ExceptionJson): string {
  if (isExpired) return 'expired';
  return `${shortTime(expiresAt)}${expiresSoon ? ' (soon)' : ''}`;
}

async function unexcept(id: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<QueryOptions>();
  const path = `/exceptions/${encodeURIComponent(id)}`;
  const removed = await clientOf(options).call<ExceptionJson>('DELETE', path);
  if (options.json) printJson(removed);
  else print(`${removed.id} is removed; it hid ${removed.hits} events`);
}

function addMakeOptions(command: Command): Command {
  return addQueryOptions(command)
    .option(
      '--until <time>',
      'how long it holds, e.g. 8h or 30d; a year at most',
      lifeSeconds(60, yearSeconds),
    )
    .option('--reason <text>', 'why, for the next reader')
    .option('--hosts <pattern>', 'on these hosts only, by name or id with * and ?')
    .option('--dry-run', 'only say what it would have hidden');
}

/** The subcommands of `alerts` about hits that raise none. */
export function addExceptionCommands(alerts: Command): void {
  addMakeOptions(
    alerts
      .command('except <id>')
      .description('let hits like this alert raise no alert; without --fields it proposes some'),
  )
    .option('--fields <names>', 'events with the same values in these fields', several)
    .option('--filter <filter>', 'events that this search finds')
    .option('--any-rule', 'of any rule, not only of this one')
    .action(except);
  addMakeOptions(
    alerts
      .command('mute [id]')
      .description('let the rule raise no alert about the same thing, or with --rule about anything'),
  )
    .option('--rule <id>', 'the whole rule')
    .action(mute);
  addQueryOptions(
    alerts.command('exceptions').description('what is hidden, until when and why, and how often it was'),
  ).action((_: unknown, command: Command) => listExceptions(command.optsWithGlobals<QueryOptions>()));
  addQueryOptions(
    alerts.command('unexcept <id>').description('take an exception back; its hits raise alerts again'),
  ).action(unexcept);
}
