import type { FastifyInstance, FastifyRequest, InjectOptions } from 'fastify';
import mercurius from 'mercurius';
import type { Problem } from '../problem.ts';

const { ErrorWithProps } = mercurius;

/** What says who asks and from where; it goes with every operation that is asked for them. */
const passedOn = [
  'authorization',
  'cookie',
  'origin',
  'host',
  'sec-fetch-site',
  'x-vedette-request',
  'idempotency-key',
  'user-agent',
] as const;

export type Asking = (
  method: NonNullable<InjectOptions['method']>,
  url: string,
  body?: object,
) => Promise<unknown>;

/** Asks operations as whoever sent `request`: with the checks, bounds and record they have over HTTP. */
export function askingAs(app: FastifyInstance, request: FastifyRequest): Asking {
  const headers: Record<string, string> = {};
  for (const name of passedOn) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return async (method, url, payload) => {
    const answer = await app.inject({
      // The address a proxy told us, which it does not tell again.
      ...{ method, url, headers, remoteAddress: request.ip },
      ...(payload !== undefined && { payload }),
    });
    if (answer.statusCode === 204) return true;
    const json: unknown = answer.json();
    if (answer.statusCode < 300) return json;
    const { code, title, detail, action, status } = json as Problem;
    throw new ErrorWithProps(detail, { code, title, action, status }, 200);
  };
}
