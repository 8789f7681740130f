/** What every answer of JSON can do: give some of its fields only, and nothing where nothing has changed. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import type { Operation } from './operation.ts';
import type { Fields, Schema } from './schema.ts';

const fieldsParameter = {
  type: 'string',
  pattern: '^[\\w.@-]+(?:,[\\w.@-]+)*$',
  maxLength: 512,
  description: 'Only these fields of the answer, with commas between; of a list, of each item.',
} as const;

/** The parameters an operation takes, with those that every answer of an object takes. */
export function queryOf({ method, query, output }: Operation) {
  const own: Fields = query ?? { type: 'object', properties: {}, required: [], additionalProperties: false };
  if (method !== 'GET' || output === undefined || fieldsOf(output) === undefined) return own;
  return { ...own, properties: { ...own.properties, fields: fieldsParameter } };
}

/** The fields that may be asked for, of the items where the answer is a list; 'any' where there are no declared ones. */
function fieldsOf(output: Schema): readonly string[] | 'any' | undefined {
  const { properties } = output as Partial<Fields>;
  if (properties === undefined) return undefined;
  const items = (properties['items'] as { items?: Partial<Fields> } | undefined)?.items;
  if (items === undefined) return Object.keys(properties);
  return items.properties === undefined ? 'any' : Object.keys(items.properties);
}

type Json = Record<string, unknown>;

/** Sends what a handler gave, as its schema says. */
export function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  answer: unknown,
): FastifyReply {
  if (request.method !== 'GET' || reply.statusCode !== 200) return reply.send(answer);
  let text = reply.serialize(answer as object) as string;
  const { fields } = request.query as { readonly fields?: string };
  if (fields !== undefined && operation.output !== undefined)
    text = JSON.stringify(
      some(JSON.parse(text) as Json, fields.split(','), fieldsOf(operation.output) ?? 'any'),
    );
  const tag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  reply.header('etag', tag);
  // A browser keeps nothing of what its user has seen; a program that holds a token may, and asks whether it still holds.
  if (request.headers.authorization !== undefined) reply.header('cache-control', 'private, no-cache');
  const known = request.headers['if-none-match']?.split(',').map((one) => one.trim());
  if (known?.some((one) => one === tag || one === '*')) return reply.code(304).send();
  return reply
    .type('application/json; charset=utf-8')
    .serializer((payload: unknown) => payload as string)
    .send(text);
}

function some(answer: Json, wanted: readonly string[], known: readonly string[] | 'any'): Json {
  const stray = wanted.find((name) => known !== 'any' && !known.includes(name));
  if (stray !== undefined && known !== 'any')
    throw new VedetteError('api.invalid', `There is no field ${stray}; there are ${known.join(', ')}.`);
  const pick = (whole: Json): Json =>
    Object.fromEntries(wanted.flatMap((name) => (Object.hasOwn(whole, name) ? [[name, whole[name]]] : [])));
  const { items } = answer;
  return Array.isArray(items) ? { ...answer, items: items.map((one) => pick(one as Json)) } : pick(answer);
}
