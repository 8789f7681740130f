import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { HuntJson } from '../../api/json/hunt.ts';
import { type HuntFormat, huntFormats, runHunt } from '../hunt/run.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, wholeNumber } from '../options.ts';
import { huntScheduleCommand } from './hunt-schedule.ts';

interface RunOptions extends QueryOptions {
  readonly file?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly timeout?: number;
  readonly format: HuntFormat;
  readonly output?: string;
}

interface SaveOptions extends RunOptions {
  readonly title?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly parameter?: readonly ParameterInput[];
}

/** Rows where nobody says how many: as many as one looks at. */
const tableRows = 1000;

function parameterValue(text: string, before: Readonly<Record<string, string>> = {}) {
  const parts = /^\$?([A-Za-z_]\w*)=(.*)$/s.exec(text);
  if (parts === null) throw new InvalidArgumentError('It must be like name=value.');
  return { ...before, [parts[1] as string]: parts[2] as string };
}

/** As `PUT /hunts/NAME` takes it. */
interface ParameterInput {
  readonly name: string;
  readonly type: HuntJson['parameters'][number]['type'];
  readonly default?: string;
}

function parameterDeclared(text: string, before: readonly ParameterInput[] = []): readonly ParameterInput[] {
  const parts = /^\$?([A-Za-z_]\w*):(text|int|float|bool)(?:=(.*))?$/s.exec(text);
  if (parts === null)
    throw new InvalidArgumentError(
      'It must be like days:int or days:int=7; types are text, int, float, bool.',
    );
  const [, name = '', type, usual] = parts;
  const declared = { name, type: type as ParameterInput['type'] };
  return [...before, usual === undefined ? declared : { ...declared, default: usual }];
}

const paramOption = () =>
  new Option('--param <name=value>', 'a value for $name; repeat for more').argParser(parameterValue);

function addRunOptions(command: Command): Command {
  return addQueryOptions(command)
    .addOption(paramOption())
    .option('--since <when>', 'events not before, e.g. 15m, 2h, 7d or 2026-01-31T12:00:00Z', instant)
    .option('--until <when>', 'events not after', instant)
    .option(
      '--limit <n>',
      `most rows (default: ${tableRows} in a table, else 10000)`,
      wholeNumber(1, 10_000_000),
    )
    .option('--timeout <seconds>', 'longest time it may run', wholeNumber(1, 600), 60)
    .addOption(
      new Option('--format <format>', 'of the rows').choices([...huntFormats]).default('table' as HuntFormat),
    )
    .option('--output <file>', 'write the rows into a file');
}

function textOf(sql: string | undefined, file: string | undefined): string {
  if ((sql === undefined) === (file === undefined))
    throw new VedetteError('usage.invalid', 'Give a statement, or a file of one with --file.');
  if (file === undefined) return sql as string;
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new VedetteError('usage.invalid', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}

async function run(
  what: { readonly sql?: string; readonly name?: string },
  options: RunOptions,
): Promise<void> {
  const { param, since, until, timeout, format, output, json } = options;
  if (format === 'table' && output !== undefined && json !== true)
    throw new VedetteError('usage.invalid', 'A file is for --format jsonl, csv or parquet, or for --json.');
  const limit = options.limit ?? (format === 'table' && json !== true ? tableRows : undefined);
  const request = { ...what, parameters: param ?? {}, since, until, limit, timeoutSeconds: timeout };
  await runHunt(clientOf(options), request, {
    format,
    asJson: json === true && format !== 'parquet',
    output,
  });
}

async function list(options: QueryOptions): Promise<void> {
  const { items } = await clientOf(options).get<{ readonly items: readonly HuntJson[] }>('/hunts');
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<HuntJson>(
    [
      { title: 'name', of: (h) => h.name },
      { title: 'by', of: (h) => h.savedBy ?? 'vedette' },
      { title: 'what', of: (h) => h.title, flexible: true },
    ],
    items,
    'There is no hunt.',
  );
}

async function show(name: string, options: QueryOptions): Promise<void> {
  const hunt = await clientOf(options).get<HuntJson>(`/hunts/${encodeURIComponent(name)}`);
  if (options.json) {
    printJson(hunt);
    return;
  }
  print(printable(hunt.title));
  if (hunt.description !== '') print(printable(hunt.description));
  if (hunt.tags.length > 0) print(printable(hunt.tags.join(', ')));
  for (const { name: parameter, type, doc, default: usual } of hunt.parameters)
    print(printable(`  $${parameter} (${type}${usual === null ? '' : `, usually ${usual}`}) ${doc}`));
  print('');
  for (const line of hunt.sql.split('\n')) print(printable(line));
}

async function save(name: string, sql: string | undefined, options: SaveOptions): Promise<void> {
  const { title, description, tag, parameter } = options;
  const body = { sql: textOf(sql, options.file), title, description, tags: tag, parameters: parameter };
  const hunt = await clientOf(options).call<HuntJson>('PUT', `/hunts/${encodeURIComponent(name)}`, {}, body);
  if (options.json) printJson(hunt);
  else print(`Saved ${hunt.name}.`);
}

async function remove(name: string, options: QueryOptions): Promise<void> {
  await clientOf(options).call('DELETE', `/hunts/${encodeURIComponent(name)}`);
  if (options.json) printJson({ removed: name });
  else print(`Removed ${printable(name)}.`);
}

const collectTag = (text: string, before: readonly string[] = []) => [...before, text];

export function huntCommand(): Command {
  const hunt = addRunOptions(new Command('hunt').description('ask all stored events with SQL'))
    .argument('[sql]', 'one statement that reads: SELECT … FROM process.start WHERE …')
    .option('--file <path>', 'read the statement from a file, - for standard input')
    .addHelpText(
      'after',
      `
There is a table for each event type, and events over all; fields need no quotes. Types and fields:
docs/reference/events.md; how to hunt: docs/hunting.md.

  vedette hunt "SELECT process.name, count(*) AS n FROM process.start GROUP BY ALL ORDER BY n" --since 7d`,
    )
    .action((sql: string | undefined, options: RunOptions) =>
      run({ sql: textOf(sql, options.file) }, options),
    );
  // Options that a subcommand shares with `hunt` itself are seen by both; the whole of them counts.
  const all = (command: Command) => command.optsWithGlobals<SaveOptions>();
  addQueryOptions(hunt.command('list').description('ready hunts, ours and saved ones')).action(
    (_: unknown, command: Command) => list(all(command)),
  );
  addQueryOptions(hunt.command('show').description('what a hunt asks, and its parameters'))
    .argument('<name>')
    .action((name: string, _: unknown, command: Command) => show(name, all(command)));
  addQueryOptions(hunt.command('save').description('save a hunt, or replace the one of that name'))
    .argument('<name>')
    .argument('[sql]')
    .option('--file <path>', 'read the statement from a file, - for standard input')
    .option('--title <text>', 'what it is called')
    .option('--description <text>', 'what it finds and why')
    .option('--tag <tag>', 'e.g. attack.t1059; repeat for more', collectTag)
    .option('--parameter <name:type=default>', 'declare $name; repeat for more', parameterDeclared)
    .action((name: string, sql: string | undefined, _: unknown, command: Command) =>
      save(name, sql, all(command)),
    );
  addQueryOptions(hunt.command('remove').description('remove a saved hunt'))
    .argument('<name>')
    .action((name: string, _: unknown, command: Command) => remove(name, all(command)));
  addRunOptions(hunt.command('run').description('run a ready hunt'))
    .argument('<name>')
    .action((name: string, _: unknown, command: Command) => run({ name }, all(command)));
  hunt.addCommand(huntScheduleCommand(paramOption));
  return hunt;
}
