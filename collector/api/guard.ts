/** Who is asking, whether they may, and whether the request comes from our own pages. */
import type { FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import { isOwnMachine } from '../auth/address-list.ts';
import type { Auth } from '../auth/auth.ts';
import type { Caller, Permission } from '../auth/permissions.ts';
import type { ApiDeps } from './deps.ts';

/** Set by our pages on what changes something: other sites cannot set it without a preflight, which we never grant. */
export const pageHeader = 'x-vedette-request';

/** The `__Host-` prefix makes browsers refuse the cookie from anyone but this very host over TLS. */
export function sessionCookie(secure: boolean): string {
  return secure ? '__Host-vedette_session' : 'vedette_session';
}

/** What a browser shows for having signed a user in before. */
export function deviceCookie(secure: boolean): string {
  return secure ? '__Host-vedette_device' : 'vedette_device';
}

/** Whether browsers reach us over TLS: ours, or that of a proxy before us. */
export function isSecure({ tls, publicUrl }: Pick<ApiDeps, 'tls' | 'publicUrl'>): boolean {
  return tls !== undefined || publicUrl?.startsWith('https:') === true;
}

export interface Identified {
  readonly credential: Caller;
  readonly by: 'token' | 'cookie';
  /** Looks the secret up again: undefined once revoked or expired. */
  readonly again: () => Promise<Caller | undefined>;
}

/** Whether the request was made on the collector's own machine, by no proxy. */
export function isLocal(request: FastifyRequest): boolean {
  const { remoteAddress, localAddress } = request.socket;
  return request.ip === remoteAddress && isOwnMachine(remoteAddress, localAddress);
}

/** Refuses a request whose page is of another origin. Browsers send Sec-Fetch-Site or Origin, scripts neither. */
export function refuseOtherOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const sameSite = site === undefined || site === 'same-origin' || site === 'none';
  const { ownOrigin } = request.server;
  const sameOrigin = origin === undefined || origin === ownOrigin || URL.parse(origin)?.host === host;
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

/** Throws unless the caller may do this. */
export function demand(caller: Caller, permission: Permission): void {
  if (caller.permissions.includes(permission)) return;
  if (caller.needsSecondFactor)
    throw new VedetteError('access.second_factor_required', `${caller.name} has no second factor yet.`);
  const who = caller.scopes === null ? `The role ${caller.role}` : 'This token';
  throw new VedetteError('api.forbidden', `${who} may not ${permission}.`);
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
  await request.server.countCaller(request, credential.id);
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (by === 'cookie' && changes) refuseForgery(request);
  if (permission !== 'signed-in') demand(credential, permission);
  return identified;
}
