/** Who is asking, whether they may, and whether the request comes from our own pages. */
import type { FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import type { Auth } from '../auth/auth.ts';
import { mayDo, type Permission } from '../auth/permissions.ts';
import type { Credential } from '../store/contract.ts';

/** Set by our pages on what changes something: other sites cannot set it without a preflight, which we never grant. */
export const pageHeader = 'x-vedette-request';

/** The `__Host-` prefix makes browsers refuse the cookie from anyone but this very host over TLS. */
export function sessionCookie(secure: boolean): string {
  return secure ? '__Host-vedette_session' : 'vedette_session';
}

export interface Identified {
  readonly credential: Credential;
  readonly by: 'token' | 'cookie';
  /** Looks the secret up again: undefined once revoked or expired. */
  readonly again: () => Promise<Credential | undefined>;
}

/** Refuses a request whose page is of another origin. Browsers send Sec-Fetch-Site or Origin, scripts neither. */
export function refuseOtherOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const sameSite = site === undefined || site === 'same-origin' || site === 'none';
  const sameOrigin = origin === undefined || URL.parse(origin)?.host === host;
  if (sameSite && sameOrigin) return;
  throw new VedetteError('api.cross_site', `The request came from ${origin ?? `a ${String(site)} page`}.`);
}

/** For requests with a session cookie that change something: same origin, said by the browser, and our header. */
export function refuseForgery(request: FastifyRequest): void {
  refuseOtherOrigin(request);
  const said = request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined;
  if (!said) throw new VedetteError('api.cross_site', 'The request names no origin.');
  if (request.headers[pageHeader] === undefined) {
    throw new VedetteError('api.cross_site', `The request lacks the header ${pageHeader}.`);
  }
}

/** The caller by bearer token, else by session cookie. A token that is wrong is not made up for by a cookie. */
export async function identify(
  request: FastifyRequest,
  auth: Auth,
  secure: boolean,
): Promise<Identified | undefined> {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const secret = /^Bearer ([\w-]+)$/i.exec(header)?.[1] ?? '';
    const credential = await auth.token(secret);
    return credential && { credential, by: 'token', again: () => auth.token(secret) };
  }
  const secret = request.cookies[sessionCookie(secure)];
  if (secret === undefined) return undefined;
  const credential = await auth.session(secret);
  return credential && { credential, by: 'cookie', again: () => auth.session(secret) };
}

/** Throws unless there is a caller who may do this. */
export async function admit(
  request: FastifyRequest,
  auth: Auth,
  secure: boolean,
  permission: Permission | 'signed-in',
): Promise<Identified> {
  const identified = await identify(request, auth, secure);
  if (identified === undefined) throw new VedetteError('api.unauthenticated', 'Not signed in.');
  const { credential, by } = identified;
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (by === 'cookie' && changes) refuseForgery(request);
  if (permission !== 'signed-in' && !mayDo(credential.role, permission)) {
    throw new VedetteError('api.forbidden', `The role ${credential.role} may not ${permission}.`);
  }
  return identified;
}
