/** Turns declared operations into routes; OpenAPI is read off the same declarations. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import type { Credential } from '../store/contract.ts';
import type { ApiDeps } from './deps.ts';
import { admit, refuseOtherOrigin, sessionCookie } from './guard.ts';
import { apiPrefix, type Call, type Operation, Streamed } from './operation.ts';
import { problemSchema } from './problem.ts';
import { uploadSchema } from './uploads.ts';

/** How long one request may take. */
const handlerTimeoutMs = 30_000;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Credential | undefined;
  }
  interface FastifyContextConfig {
    /** What the operation asks of its caller; the walk over all operations in the tests reads it. */
    permission?: Operation['permission'];
  }
}

const tagOf = (path: string) => path.split('/')[1] ?? '';

function schemaOf(operation: Operation) {
  const { params, query, body, output, produces, summary, permission, path } = operation;
  const success = operation.created ? 201 : output === undefined ? 204 : 200;
  return {
    summary,
    description: permission === 'open' ? 'Open to all.' : `Permission: ${permission}.`,
    tags: [tagOf(path)],
    ...(permission === 'open' && { security: [] }),
    ...(params && { params }),
    querystring: query ?? { type: 'object', properties: {}, additionalProperties: false },
    ...(body && { body }),
    ...uploadSchema(operation),
    response: {
      [produces === undefined ? success : 200]:
        produces === undefined ? schemaOfAnswer(output) : contents(produces),
      '4xx': {
        description: 'Refused; the code says why.',
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    },
  };
}

const schemaOfAnswer = (output: Operation['output']) =>
  output === undefined ? { type: 'null', description: 'Done.' } : describe(output);

function contents(produces: NonNullable<Operation['produces']>) {
  const content = Object.entries(produces).map(([type, description]) => [
    type,
    { schema: { type: 'string', description } },
  ]);
  return { description: 'Sent as it comes about.', content: Object.fromEntries(content) };
}

/** Aborted when the connection of this answer closes, be the answer sent or not. */
function closedSignal(reply: FastifyReply): AbortSignal {
  const closed = new AbortController();
  reply.raw.once('close', () => closed.abort());
  return closed.signal;
}

function describe<S extends { description?: string }>(schema: S): S {
  return schema.description === undefined ? { ...schema, description: 'Done.' } : schema;
}

function callOf(
  deps: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Call<unknown, unknown, unknown> {
  const secure = deps.tls !== undefined;
  return {
    deps,
    params: request.params,
    query: request.query,
    body: request.body,
    upload: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    caller: request.caller,
    baseUrl: `${request.protocol}://${request.host}`,
    now: deps.now?.() ?? Date.now() * 1000,
    closed: closedSignal(reply),
    setSession(secret, expiresAt) {
      const options = { path: '/', httpOnly: true, sameSite: 'strict', secure } as const;
      if (secret === null) reply.clearCookie(sessionCookie(secure), options);
      else {
        const expires = expiresAt === null ? undefined : new Date(expiresAt / 1000);
        reply.setCookie(sessionCookie(secure), secret, { ...options, ...(expires && { expires }) });
      }
    },
  };
}

/** Adds one operation to `app`, guarded by its permission. */
export function register(app: FastifyInstance, deps: ApiDeps, operation: Operation): void {
  const { permission, perMinute } = operation;
  app.route({
    method: operation.method,
    url: `${apiPrefix}${operation.path}`,
    handlerTimeout: operation.timeoutMs ?? handlerTimeoutMs,
    ...(operation.maxBodyBytes !== undefined && { bodyLimit: operation.maxBodyBytes }),
    schema: schemaOf(operation),
    ...(operation.accepts && { bodyLimit: operation.accepts.maxBytes }),
    config: {
      permission,
      ...(perMinute && { rateLimit: { max: perMinute, timeWindow: '1 minute' } }),
    },
    onRequest: async (request) => {
      if (permission !== 'open') {
        const { credential } = await admit(request, deps.auth, deps.tls !== undefined, permission);
        request.caller = credential;
      } else refuseOtherOrigin(request);
    },
    handler: async (request, reply) => {
      if (operation.accepts !== undefined && !(request.body instanceof Uint8Array))
        throw new VedetteError('api.invalid', `The body must be ${operation.accepts.type}.`);
      const answer = await operation.handler(callOf(deps, request, reply));
      reply.header('cache-control', 'no-store');
      if (answer instanceof Streamed)
        return reply.code(200).headers(answer.headers).type(answer.contentType).send(answer.body);
      if (operation.output === undefined) return reply.code(204).send();
      return reply.code(operation.created ? 201 : 200).send(answer);
    },
  });
}
