import type { ServerOptions } from 'node:http';
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import { serveDashboard } from './assets.ts';
import type { ApiDeps } from './deps.ts';
import { documentation } from './documentation.ts';
import { guardEntry } from './entry.ts';
import { serveFeed } from './feed/feed.ts';
import { acceptForms } from './form.ts';
import { serveGraphql } from './graphql/serve.ts';
import { isSecure } from './guard.ts';
import { RememberedAnswers } from './idempotency.ts';
import { lazyCompilers } from './lazy-compilers.ts';
import { oidcRoutes } from './oidc-routes.ts';
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
/** How often connections are held against those bounds; Node looks every 30 s else, and bounds are that much longer. */
const connectionLookMs = 1_000;
/** To agree on keys. */
const handshakeTimeoutMs = 10_000;
const maxConnections = 2_048;

/** TLS where there is a key. Fastify types the two kinds of server apart; here only what they share is used. */
function serverOptions(tls: ApiDeps['tls']): { http?: ServerOptions } {
  const bounds = { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: connectionLookMs };
  if (tls === undefined) return { http: bounds };
  return { https: { ...bounds, ...tls, handshakeTimeout: handshakeTimeoutMs, minVersion: 'TLSv1.3' } } as {
    http?: ServerOptions;
  };
}

/** The API, the live feed and the dashboard; the caller lets it listen. Closing it leaves what it was given open. */
export async function createApi(deps: ApiDeps): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    // Addresses that no route is looked up for: not well-formed, or with a part that is too long.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    routerOptions: { maxParamLength, ignoreTrailingSlash: true },
    ...serverOptions(deps.tls),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: true,
    trustProxy: deps.trustedProxies === undefined ? false : [...deps.trustedProxies],
    schemaController: { compilersFactory: lazyCompilers() },
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
  await securityHeaders(app, isSecure(deps));
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  guardEntry(app, deps);
  await serveFeed(app, deps);
  await documentation(app, deps);
  oidcRoutes(app, deps);
  acceptUploads(app, operations);
  acceptForms(app);
  const remembered = new RememberedAnswers();
  for (const operation of operations) register(app, deps, operation, remembered);
  await serveGraphql(app, deps, operations);
  if (deps.webRoot !== undefined) await serveDashboard(app, deps.webRoot);
  await app.ready();
  return app;
}
