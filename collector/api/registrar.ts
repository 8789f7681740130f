/** Turns declared operations into routes; OpenAPI is read off the same declarations. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import type { Client } from '../auth/auth.ts';
import type { Caller } from '../auth/permissions.ts';
import { queryOf, sendJson } from './answer.ts';
import type { ApiDeps } from './deps.ts';
import { admit, deviceCookie, isLocal, isSecure, refuseOtherOrigin, sessionCookie } from './guard.ts';
import type { RememberedAnswers } from './idempotency.ts';
import { type Call, type Operation, Streamed, urlOf } from './operation.ts';
import { problemSchema } from './problem.ts';
import { refuseInsane } from './sane.ts';
import { uploadSchema } from './uploads.ts';

/** How long one request may take. */
const handlerTimeoutMs = 30_000;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
  interface FastifyContextConfig {
    /** What the operation asks of its caller; the walk over all operations in the tests reads it. */
    permission?: Operation['permission'];
  }
}

const tagOf = (path: string) => path.split('/')[1] ?? '';

function schemaOf(operation: Operation) {
  const { params, body, output, produces, summary, permission, path } = operation;
  const success = operation.created ? 201 : output === undefined ? 204 : 200;
  return {
    summary,
    description: permission === 'open' ? 'Open to all.' : `Permission: ${permission}.`,
    tags: [tagOf(path)],
    ...(permission === 'open' && { security: [] }),
    ...(params && { params }),
    querystring: queryOf(operation),
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

const cookieOptions = (secure: boolean) =>
  ({ path: '/', httpOnly: true, sameSite: 'strict', secure }) as const;

/** Whence the request comes. */
export function clientOf(request: FastifyRequest): Client {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? null };
}

/** What a handler is given. */
export function callOf(
  deps: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Call<unknown, unknown, unknown> {
  const secure = isSecure(deps);
  return {
    deps,
    params: request.params,
    query: request.query,
    body: request.body,
    upload: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    caller: request.caller,
    client: clientOf(request),
    isLocal: isLocal(request),
    device: request.cookies[deviceCookie(secure)],
    // Not what a proxy says it was asked for: it may repeat what anybody told it.
    baseUrl: deps.publicUrl ?? `${secure ? 'https' : 'http'}://${request.headers.host ?? ''}`,
    now: deps.now?.() ?? Date.now() * 1000,
    closed: closedSignal(reply),
    setDevice(secret, expiresAt) {
      const expires = new Date(expiresAt / 1000);
      reply.setCookie(deviceCookie(secure), secret, { ...cookieOptions(secure), expires });
    },
    feed: request.server.feedCounters,
    setStatus: (status) => void reply.code(status),
    setHeader: (name, value) => void reply.header(name, value),
    setSession(secret, expiresAt) {
      const options = cookieOptions(secure);
      if (secret === null) reply.clearCookie(sessionCookie(secure), options);
      else {
        const expires = expiresAt === null ? undefined : new Date(expiresAt / 1000);
        reply.setCookie(sessionCookie(secure), secret, { ...options, ...(expires && { expires }) });
      }
    },
  };
}

/** Adds one operation to `app`, guarded by its permission. */
export function register(
  app: FastifyInstance,
  deps: ApiDeps,
  operation: Operation,
  remembered: RememberedAnswers,
): void {
  const { permission, perMinute } = operation;
  app.route({
    method: operation.method,
    url: urlOf(operation),
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
        const { credential } = await admit(request, deps.auth, isSecure(deps), permission);
        request.caller = credential;
      } else refuseOtherOrigin(request);
    },
    handler: async (request, reply) => {
      if (operation.accepts !== undefined && !(request.body instanceof Uint8Array))
        throw new VedetteError('api.invalid', `The body must be ${operation.accepts.type}.`);
      refuseInsane(request.query);
      refuseInsane(request.body);
      const act = async () => await operation.handler(callOf(deps, request, reply));
      const { caller } = request;
      const isOnce = operation.method === 'POST' && operation.produces === undefined && caller !== undefined;
      const { answer, isRepeat } = isOnce
        ? await remembered.once(request, caller, act)
        : { answer: await act(), isRepeat: false };
      if (isRepeat) reply.header('idempotent-replayed', 'true');
      reply.header('cache-control', 'no-store');
      if (answer instanceof Streamed)
        return reply.code(200).headers(answer.headers).type(answer.contentType).send(answer.body);
      if (operation.output === undefined) return reply.code(204).send();
      if (operation.created) reply.code(201);
      return sendJson(request, reply, operation, answer);
    },
  });
}
