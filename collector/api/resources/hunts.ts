import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { VedetteError } from '#shared/errors.ts';
import type { HuntOrder } from '../../hunt/contract.ts';
import type { SqlPart, SqlTextForm } from '../../store/contract.ts';
import { readInstant } from '../input.ts';
import { huntJson, huntSchema, parameterInput, runningHuntJson, runningHuntSchema } from '../json/hunt.ts';
import { callerOf, operation, Streamed } from '../operation.ts';
import { asVedetteError } from '../problem.ts';
import { record } from '../record.ts';
import { array, type FromSchema, instant, object, oneOf, text } from '../schema.ts';

const maxRows = 10_000_000;
const maxTimeoutSeconds = 600;
/** To wait for a turn, and to run. */
const handlerTimeoutMs = 2 * maxTimeoutSeconds * 1000;

const formats = ['rows', 'jsonl', 'csv', 'parquet'] as const;
const contentTypes = {
  rows: 'application/x-ndjson',
  jsonl: 'application/jsonl',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
} as const satisfies Record<(typeof formats)[number], string>;
const forms: Readonly<Record<'rows' | 'jsonl' | 'csv', SqlTextForm>> = {
  rows: 'arrays',
  jsonl: 'objects',
  csv: 'csv',
};

const name = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$' } as const;
const sql = { type: 'string', minLength: 1, maxLength: 48 * 1024 } as const;
const byName = object({ name });

const order = object(
  {},
  {
    sql: { ...sql, description: 'One statement that reads; `$name` stands for a parameter.' },
    name: { ...name, description: 'Of a saved hunt or one of ours, instead of sql.' },
    parameters: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
      description: 'Values of its parameters by name.',
    },
    since: { ...instant, description: 'Event time, inclusive.' },
    until: { ...instant, description: 'Event time, inclusive.' },
    limit: { type: 'integer', minimum: 1, maximum: maxRows, default: 10_000, description: 'Most rows.' },
    timeoutSeconds: { type: 'integer', minimum: 1, maximum: maxTimeoutSeconds, default: 60 },
    format: {
      ...oneOf(formats),
      description:
        '`rows` tells columns, progress and how it ended beside the rows; the others are the rows alone.',
    },
  },
);

function orderOf(body: FromSchema<typeof order>, by: string, signal: AbortSignal): HuntOrder {
  const since = readInstant('since', body.since);
  const until = readInstant('until', body.until);
  return {
    ...(body.sql !== undefined && { sql: body.sql }),
    ...(body.name !== undefined && { name: body.name }),
    parameters: (body.parameters ?? {}) as HuntOrder['parameters'],
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    maxRows: body.limit ?? 10_000,
    timeoutMs: (body.timeoutSeconds ?? 60) * 1000,
    by,
    signal,
  };
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

/** Rows as they come, each a line that is an array; lines that are objects tell the rest, an error at the end too. */
async function* framed(id: string, parts: AsyncGenerator<SqlPart>): AsyncGenerator<string> {
  yield line({ hunt: id });
  try {
    for await (const part of parts) {
      if (part.part === 'text') yield part.text;
      else if (part.part === 'columns') yield line({ columns: part.columns });
      else if (part.part === 'progress') yield line({ percent: part.percent });
      else {
        const { rows, isCut, damagedBatches } = part;
        yield line({ end: { rows, isCut, damagedBatches } });
      }
    }
  } catch (error) {
    yield line({ error: asVedetteError(error) });
  }
}

/** The rows alone. A failure in the middle breaks the connection off, so that nobody takes half for the whole. */
async function* plain(parts: AsyncGenerator<SqlPart>): AsyncGenerator<string> {
  for await (const part of parts) if (part.part === 'text') yield part.text;
}

const run = operation({
  method: 'POST',
  path: '/hunts/run',
  permission: 'read',
  summary: 'Run SQL over stored events; rows leave as they are found',
  body: order,
  timeoutMs: handlerTimeoutMs,
  produces: {
    [contentTypes.rows]:
      'JSON lines: objects {hunt}, {columns}, {percent}, at last {end} or {error}; each array a row in the order of the columns.',
    [contentTypes.jsonl]: 'A row a line, as a JSON object.',
    [contentTypes.csv]: 'RFC 4180, with a head.',
    [contentTypes.parquet]: 'A file, sent when it is whole.',
  },
  async handler(call): Promise<never> {
    const { deps, body, closed } = call;
    const format = body.format ?? 'rows';
    const asked = orderOf(body, callerOf(call).name, closed);
    const type = contentTypes[format];
    const answer = (id: string, stream: Readable) =>
      new Streamed(type, stream, { 'x-vedette-hunt': id }) as never;
    if (format === 'parquet') {
      const { id, path } = await deps.hunts.parquet(asked);
      const file = createReadStream(path);
      file.once('close', () => void rm(path, { force: true }));
      return answer(id, file);
    }
    const { id, parts } = await deps.hunts.stream(asked, forms[format]);
    const texts = format === 'rows' ? framed(id, parts) : plain(parts);
    return answer(id, Readable.from(texts, { objectMode: false }));
  },
});

const current = [
  operation({
    method: 'GET',
    path: '/hunts/running',
    permission: 'read',
    summary: 'Hunts that wait or run',
    output: object({ items: array(runningHuntSchema) }),
    handler: ({ deps }) => ({ items: deps.hunts.running().map(runningHuntJson) }),
  }),
  operation({
    method: 'DELETE',
    path: '/hunts/running/:id',
    permission: 'read',
    summary: "Cancel a hunt of one's own; an administrator any",
    params: object({ id: text }),
    async handler(call) {
      const { deps, params } = call;
      const { name: by, permissions } = callerOf(call);
      const hunt = deps.hunts.running().find(({ id }) => id === params.id);
      if (hunt === undefined) throw new VedetteError('api.not_found', `No hunt ${params.id} waits or runs.`);
      if (hunt.by !== by && !permissions.includes('administer'))
        throw new VedetteError('api.forbidden', `The hunt is ${hunt.by}'s.`);
      deps.hunts.cancel(params.id);
      await record(call, 'hunt.cancel', `hunt ${params.id}`, { by: hunt.by });
      return undefined as never;
    },
  }),
];

const kept = [
  operation({
    method: 'GET',
    path: '/hunts',
    permission: 'read',
    summary: 'Ready hunts: ours and those that were saved',
    output: object({ items: array(huntSchema) }),
    handler: async ({ deps }) => ({ items: (await deps.hunts.list()).map(huntJson) }),
  }),
  operation({
    method: 'GET',
    path: '/hunts/:name',
    permission: 'read',
    summary: 'One ready hunt',
    params: byName,
    output: huntSchema,
    async handler({ deps, params }) {
      const hunt = await deps.hunts.get(params.name);
      if (hunt === undefined) throw new VedetteError('api.not_found', `There is no hunt ${params.name}.`);
      return huntJson(hunt);
    },
  }),
  operation({
    method: 'PUT',
    path: '/hunts/:name',
    permission: 'triage',
    summary: 'Save a hunt, or replace the one of that name',
    params: byName,
    body: object(
      { sql },
      {
        title: { type: 'string', minLength: 1, maxLength: 128 },
        description: { type: 'string', maxLength: 4096 },
        tags: { ...array({ type: 'string', maxLength: 64 }), maxItems: 32 },
        parameters: { ...array(parameterInput), maxItems: 32 },
      },
    ),
    output: huntSchema,
    async handler(call) {
      const { deps, params, body } = call;
      const { title = params.name, description = '', tags = [] } = body;
      const parameters = (body.parameters ?? []).map((one) => ({
        ...{ name: one.name, type: one.type, doc: one.doc ?? '', default: one.default ?? null },
      }));
      const hunt = { name: params.name, title, description, tags, parameters, sql: body.sql };
      return huntJson(await deps.hunts.save(hunt, callerOf(call).name));
    },
  }),
  operation({
    method: 'DELETE',
    path: '/hunts/:name',
    permission: 'triage',
    summary: 'Remove a saved hunt',
    params: byName,
    async handler(call) {
      await call.deps.hunts.remove(call.params.name, callerOf(call).name);
      return undefined as never;
    },
  }),
];

export const hunts = [run, ...current, ...kept];
