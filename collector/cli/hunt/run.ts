/** Runs a hunt and puts its rows where they are wanted. */
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import type { Client } from '../client.ts';
import { type AnswerEnd, partsOf } from './answer.ts';
import { cellText, Output, objectOf, rowText } from './output.ts';
import { Progress } from './progress.ts';

export const huntFormats = ['table', 'jsonl', 'csv', 'parquet'] as const;
export type HuntFormat = (typeof huntFormats)[number];

/** Body of `POST /hunts/run`. */
export interface HuntRequest {
  readonly sql?: string | undefined;
  readonly name?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
}

export interface HuntPlace {
  readonly format: HuntFormat;
  readonly asJson: boolean;
  readonly output: string | undefined;
}

/** Rows that a table or one JSON document may have. */
const maxHeldRows = 100_000;

/** Runs `act` with a signal that Ctrl-C aborts; the collector then stops as well, for the connection is gone. */
async function interruptible<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onInterrupt = () => abort.abort();
  process.once('SIGINT', onInterrupt);
  try {
    return await act(abort.signal);
  } catch (error) {
    if (abort.signal.aborted) throw new VedetteError('hunt.cancelled', 'Interrupted.', { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

export function runHunt(client: Client, request: HuntRequest, place: HuntPlace): Promise<void> {
  return interruptible(async (signal) => {
    const progress = new Progress();
    try {
      if (place.format === 'parquet') await saveFile(client, request, place, signal);
      else if (place.asJson || place.format === 'table')
        await showAll(client, request, place, signal, progress);
      else await passOn(client, request, { ...place, format: place.format }, signal, progress);
    } finally {
      progress.wipe();
    }
  });
}

/** Told on stderr, where it does not mix with rows. */
function tellOf({ isCut, rows, damagedBatches }: AnswerEnd): void {
  if (isCut) process.stderr.write(`There is more than these ${rows} rows: --limit\n`);
  if (damagedBatches > 0)
    process.stderr.write(`${damagedBatches} stored batches cannot be read: the disk has changed them.\n`);
}

async function passOn(
  client: Client,
  request: HuntRequest,
  { format, output: path }: HuntPlace & { readonly format: 'jsonl' | 'csv' },
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  const response = await client.stream('/hunts/run', { ...request, format: 'rows' }, signal);
  const output = new Output(path);
  let rows = 0;
  let percent: number | undefined;
  let text: (row: readonly unknown[]) => string = () => '';
  try {
    for await (const part of partsOf(response)) {
      if ('row' in part) {
        rows++;
        await output.write(text(part.row));
      } else if ('columns' in part) {
        const names = part.columns.map((column) => column.name);
        text = rowText(format, names);
        if (format === 'csv') await output.write(text(names));
      } else if ('percent' in part) {
        percent = part.percent;
        if (path !== undefined || rows === 0) progress.show(percent, rows);
      } else {
        await output.end();
        progress.wipe();
        tellOf(part.end);
      }
    }
  } catch (error) {
    output.discard();
    throw error;
  }
}

async function showAll(
  client: Client,
  request: HuntRequest,
  { asJson, output: path }: HuntPlace,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  const limit = Math.min(request.limit ?? maxHeldRows, maxHeldRows);
  const response = await client.stream('/hunts/run', { ...request, limit, format: 'rows' }, signal);
  let columns: readonly { readonly name: string; readonly type: string }[] = [];
  const rows: (readonly unknown[])[] = [];
  let end: AnswerEnd = { rows: 0, isCut: false, damagedBatches: 0 };
  for await (const part of partsOf(response)) {
    if ('row' in part) rows.push(part.row);
    else if ('columns' in part) columns = part.columns;
    else if ('percent' in part) progress.show(part.percent, rows.length);
    else end = part.end;
  }
  progress.wipe();
  const names = columns.map((column) => column.name);
  if (asJson) {
    const document = { ...end, columns, rows: rows.map((row) => objectOf(names, row)) };
    if (path === undefined) printJson(document);
    else await writeAll(path, `${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  if (names[0] === 'explain_key') for (const row of rows) print(plainRow(row));
  else
    printTable(
      names.map((title, i) => ({
        title,
        of: (row: readonly unknown[]) => cellText(row[i]),
        ...(typeof rows[0]?.[i] === 'number' && { align: 'right' as const }),
        ...(i === names.length - 1 && { flexible: true as const }),
      })),
      rows,
      'No row.',
    );
  tellOf(end);
}

const plainRow = (row: readonly unknown[]) =>
  String(row.at(-1) ?? '')
    .split('\n')
    .map(cellText)
    .join('\n');

async function writeAll(path: string, text: string): Promise<void> {
  const output = new Output(path);
  await output.write(text);
  await output.end();
}

async function saveFile(
  client: Client,
  request: HuntRequest,
  { output: path }: HuntPlace,
  signal: AbortSignal,
): Promise<void> {
  if (path === undefined && process.stdout.isTTY)
    throw new VedetteError('usage.invalid', 'A Parquet file is not for the terminal: --output FILE.');
  const response = await client.stream('/hunts/run', { ...request, format: 'parquet' }, signal);
  const output = new Output(path);
  try {
    for await (const part of response) await output.write(part as Buffer);
    if (!response.complete) throw new VedetteError('hunt.failed', 'The collector broke the answer off.');
    await output.end();
  } catch (error) {
    output.discard();
    throw error;
  }
}
