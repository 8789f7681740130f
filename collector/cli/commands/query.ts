import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { queryBounds } from '#shared/query/bounds.ts';
import type { LiveQueryJson } from '../../api/resources/queries.ts';
import type { LiveQueryLine } from '../../store/contract.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, type QueryOptions, several, wholeNumber } from '../options.ts';
import { type AnswerFormat, answerFormats, answerPrinter } from '../query/answer-printer.ts';
import { showTables } from '../query/show-tables.ts';
import { scheduleCommand } from './query-schedule.ts';

interface Options extends QueryOptions {
  readonly hosts: readonly string[];
  readonly timeout: number;
  readonly rows: number;
  readonly format: AnswerFormat;
  readonly tables?: string | true;
}

function progress({ answered, hosts }: { readonly answered: number; readonly hosts: number }): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${answered} of ${hosts} hosts have answered\x1b[K`);
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** Cancels the query when the user does not want to wait any more. */
function cancelWhenInterrupted(client: Client, id: string): () => void {
  const cancel = () => void client.call('DELETE', `/queries/${id}`).catch(() => undefined);
  process.once('SIGINT', cancel);
  process.once('SIGTERM', cancel);
  return () => {
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  };
}

async function ask(sql: string, options: Options): Promise<void> {
  const client = clientOf(options);
  const { hosts, timeout, rows } = options;
  const body = { sql, hosts: hosts.length === 0 ? ['all'] : hosts, timeoutMs: timeout * 1000, rows };
  const query = await client.call<LiveQueryJson>('POST', '/queries', {}, body);
  const printer = answerPrinter(options.json ? 'jsonl' : options.format);
  const release = cancelWhenInterrupted(client, query.id);
  let end: (LiveQueryLine & { readonly type: 'end' }) | undefined;
  for await (const line of client.lines<LiveQueryLine>(`/queries/${query.id}/results`)) {
    if (line.type === 'host') progress(line);
    if (line.type === 'end') end = line;
    printer.line(line);
  }
  release();
  endProgress();
  printer.end();
  // An answer is an answer from every host that is there, and from one at least.
  if (end === undefined || end.failed > 0 || end.done === 0 || end.state === 'canceled') process.exitCode = 1;
}

async function run(sql: string | undefined, options: Options): Promise<void> {
  if (options.tables !== undefined)
    showTables(options.tables === true ? undefined : options.tables, options.json);
  else if (sql === undefined) throw new VedetteError('usage.invalid', 'query needs SQL, or --tables.');
  else await ask(sql, options);
}

export function queryCommand(): Command {
  return addQueryOptions(
    new Command('query')
      .description('ask hosts about their present state, in SQL')
      .argument('[sql]', 'one SELECT over the tables of --tables'),
  )
    .option(
      '--hosts <names>',
      'ids, names or patterns such as web*, comma separated; all without it',
      several,
      [],
    )
    .option(
      '--timeout <seconds>',
      'time each host has',
      wholeNumber(1, queryBounds.maxTimeoutMs / 1000),
      queryBounds.usualTimeoutMs / 1000,
    )
    .option(
      '--rows <n>',
      'most rows of each host',
      wholeNumber(1, queryBounds.maxRows),
      queryBounds.usualRows,
    )
    .option('--format <format>', `how to print: ${answerFormats.join(', ')}`, formatFrom, 'table')
    .option('--tables [name]', 'show the tables, or the columns of one')
    .addHelpText(
      'after',
      `
With --json (or --format jsonl) one object a line: a row, what became of a host, the end. Exits 1 when a host failed or
none answered; hosts that are not connected are named and asked nothing. docs/live-query.md tells more.`,
    )
    .action(run)
    .addCommand(scheduleCommand());
}

function formatFrom(text: string): AnswerFormat {
  const format = answerFormats.find((one) => one === text);
  if (format === undefined)
    throw new VedetteError('usage.invalid', `--format is one of ${answerFormats.join(', ')}.`);
  return format;
}
