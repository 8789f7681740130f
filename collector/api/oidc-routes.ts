/** The two stops of a browser that signs in through a provider of identities. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import { journeyLifeMs } from '../auth/oidc/sign-in.ts';
import type { ApiDeps } from './deps.ts';
import { isSecure } from './guard.ts';
import { apiPrefix } from './operation.ts';
import { asVedetteError, problemOf, sendProblem } from './problem.ts';
import { callOf } from './registrar.ts';
import { beginSession } from './resources/session.ts';

export const oidcStart = `${apiPrefix}/session/oidc`;
const oidcCallback = `${oidcStart}/callback`;
const perMinute = 60;

const journeyCookie = (secure: boolean) => (secure ? '__Host-vedette_oidc' : 'vedette_oidc');

/** They are no operations: they answer with redirects, and are of no use but to a browser. */
export function oidcRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const secure = isSecure(deps);
  const name = journeyCookie(secure);
  // Lax, for the browser comes back from another site; what it holds is worth nothing but this one journey.
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  const route = {
    schema: { hide: true },
    config: { permission: 'open', rateLimit: { max: perMinute, timeWindow: '1 minute' } },
    errorHandler: refuse,
  } as const;
  app.get(oidcStart, route, async (request, reply) => {
    const { url, cookie } = await oidcOf(deps).begin(
      `${callOf(deps, request, reply).baseUrl}${oidcCallback}`,
    );
    reply.setCookie(name, cookie, { ...options, maxAge: journeyLifeMs / 1000 });
    return reply.header('cache-control', 'no-store').redirect(url, 303);
  });
  app.get(oidcCallback, route, async (request, reply) => {
    const call = callOf(deps, request, reply);
    reply.clearCookie(name, options);
    const query = new URL(request.url, call.baseUrl).search;
    const session = await oidcOf(deps).finish(request.cookies[name], query, call);
    await beginSession(call, session);
    // Always to the same place: where a query says to go is not followed.
    return reply.header('cache-control', 'no-store').redirect('/', 303);
  });
}

function oidcOf({ oidc }: ApiDeps) {
  if (oidc === undefined) throw new VedetteError('api.not_found', 'No provider of identities is configured.');
  return oidc;
}

/** Somebody sits before a browser: they get a page to read. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return sendProblem(error, request, reply);
  const { title, detail, action, code, status } = problemOf(asVedetteError(error));
  if (status >= 500) request.log.error({ err: error, requestId: request.id }, 'request failed');
  const lines = [title, detail, action, code].map((line) => `<p>${escaped(line)}</p>`);
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Not signed in · Vedette</title>` +
        `<h1>Not signed in</h1>${lines.join('')}<p><a href="/">Back</a></p></html>`,
    );
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? '');
