import type { ServerOptions } from 'node:http';
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import { serveDashboard } from './assets.ts';
import type { ApiDeps } from './deps.ts';
import { documentation } from './documentation.ts';
import { serveFeed } from './feed/feed.ts';
import { sendProblem } from './problem.ts';
import { register } from './registrar.ts';
import { operations } from './resources/list.ts';
import { securityHeaders } from './security-headers.ts';
import { acceptUploads } from './uploads.ts';

const bodyLimitBytes = 64 * 1024;
/** Ids of events and alerts are longer than Fastify's usual 100. */
const maxParamLength = 512;
/** To receive one whole request. */
const requestTimeoutMs = 15_000;
const headersTimeoutMs = 10_000;
const keepAliveTimeoutMs = 60_000;
const maxConnections = 2_048;

/** TLS where there is a key. Fastify types the two kinds of server apart; here only what they share is used. */
function serverOptions(tls: ApiDeps['tls']): { http?: ServerOptions } {
  const bounds = { headersTimeout: headersTimeoutMs };
  if (tls === undefined) return { http: bounds };
  return { https: { ...bounds, ...tls, minVersion: 'TLSv1.3' } } as { http?: ServerOptions };
}

/** The API, the live feed and the dashboard; the caller lets it listen. Closing it leaves what it was given open. */
export async function createApi(deps: ApiDeps): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength },
    ...serverOptions(deps.tls),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allowUnionTypes: true } },
  });
  app.server.maxConnections = maxConnections;
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    return sendProblem(
      new VedetteError('api.not_found', `There is no ${request.method} ${path}.`),
      request,
      reply,
    );
  });
  app.decorateRequest('caller', undefined);
  await securityHeaders(app, deps.tls !== undefined);
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  await serveFeed(app, deps);
  await documentation(app, deps);
  app.get('/health', { schema: { hide: true } }, () => ({ status: 'ok' }));
  acceptUploads(app, operations);
  for (const operation of operations) register(app, deps, operation);
  if (deps.webRoot !== undefined) await serveDashboard(app, deps.webRoot);
  await app.ready();
  return app;
}
