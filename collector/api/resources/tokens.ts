import { VedetteError } from '#shared/errors.ts';
import { longestTokenLifeUs, usualTokenLifeUs } from '../../auth/auth.ts';
import { type Caller, type Permission, permissions } from '../../auth/permissions.ts';
import { type Credential, roles } from '../../store/contract.ts';
import { demand } from '../guard.ts';
import { readInstant } from '../input.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';
import { allOrOwn, mayEnd } from './own.ts';

const tokenSchema = object({
  id: text,
  name: text,
  userId: nullable(text),
  userName: nullable(text),
  kind: oneOf(['personal', 'service']),
  role: { ...oneOf(roles), description: 'Of a personal token the one that its user has now.' },
  scopes: nullable(array(oneOf(permissions), 'What it is limited to; null for all of its role.')),
  createdAt: instant,
  expiresAt: nullable(instant),
  lastUsedAt: nullable({ ...instant, description: 'To the minute.' }),
});
export type TokenJson = FromSchema<typeof tokenSchema>;

function tokenJson(token: Credential): TokenJson {
  const isPersonal = token.accountId !== null;
  return {
    ...{ id: token.id, name: token.label, role: token.role },
    userId: token.accountId,
    userName: isPersonal ? token.name : null,
    kind: isPersonal ? 'personal' : 'service',
    scopes: token.scopes as readonly Permission[] | null,
    createdAt: toIso(token.createdAt),
    expiresAt: toIsoOrNull(token.expiresAt),
    lastUsedAt: toIsoOrNull(token.lastSeenAt),
  };
}

interface Wanted {
  readonly scopes: readonly Permission[] | undefined;
  readonly expiresAt: number | undefined;
  readonly isPersonal: boolean;
  readonly now: number;
}

/** A token is never worth more than what made it: not in what it may do, and not in how long. */
function boundedBy(caller: Caller, { scopes, expiresAt, isPersonal, now }: Wanted) {
  for (const scope of scopes ?? []) demand(caller, scope);
  if (expiresAt !== undefined && expiresAt <= now)
    throw new VedetteError('api.invalid', 'expiresAt is in the past.');
  if (expiresAt !== undefined && expiresAt - now > longestTokenLifeUs)
    throw new VedetteError('api.invalid', 'expiresAt is more than 366 days from now.');
  const isByToken = caller.kind === 'token';
  const ends = [
    expiresAt ?? (isPersonal ? now + usualTokenLifeUs : null),
    isByToken ? caller.expiresAt : null,
  ].filter((at) => at !== null);
  return {
    scopes: scopes ?? (isByToken && caller.scopes !== null ? caller.permissions : null),
    expiresAt: ends.length === 0 ? null : Math.min(...ends),
  };
}

export const tokens = [
  operation({
    method: 'GET',
    path: '/tokens',
    permission: 'signed-in',
    summary:
      "The own personal tokens, newest first; with `all` everybody's and those of services, for administrators",
    query: object({}, { all: { type: 'boolean' } }),
    output: object({ items: array(tokenSchema) }),
    async handler(call) {
      const whose = allOrOwn(callerOf(call), call.query.all);
      return { items: (await call.deps.auth.list('token', whose)).map(tokenJson) };
    },
  }),
  operation({
    method: 'POST',
    path: '/tokens',
    permission: 'signed-in',
    summary: 'Make a token, personal or for a service (administrators); its secret is shown this once',
    body: object(
      { name: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[^\\p{Cc}\\p{Cf}]*$' } },
      {
        scopes: { type: 'array', items: oneOf(permissions), minItems: 1, maxItems: permissions.length },
        expiresAt: {
          ...instant,
          description: 'At most 366 days from now; left out, 90 days for oneself and no end for a service.',
        },
        service: object({ role: oneOf(roles) }),
      },
    ),
    output: object({ token: tokenSchema, secret: text }),
    created: true,
    async handler(call) {
      const { body, deps, now } = call;
      const caller = callerOf(call);
      const { service } = body;
      if (service !== undefined) demand(caller, 'administer');
      else if (caller.accountId === null)
        throw new VedetteError(
          'api.invalid',
          'This token belongs to no user: it makes tokens for a service.',
        );
      if (caller.needsSecondFactor) demand(caller, 'read');
      const expiresAt = readInstant('expiresAt', body.expiresAt);
      const bounds = boundedBy(caller, {
        ...{ scopes: body.scopes, expiresAt, now },
        isPersonal: service === undefined,
      });
      const accountId = service === undefined ? caller.accountId : null;
      const role = service?.role ?? caller.role;
      const made = await deps.auth.issueToken({ label: body.name, accountId, role, ...bounds });
      const credential = (await deps.auth.get(made.id)) as Credential;
      const kind = service === undefined ? 'personal' : 'service';
      const detail = { kind, role, scopes: bounds.scopes?.join(' ') ?? '', token: made.id };
      await record(call, 'token.make', `token ${body.name}`, detail);
      return { token: tokenJson(credential), secret: made.token };
    },
  }),
  operation({
    method: 'DELETE',
    path: '/tokens/:id',
    permission: 'signed-in',
    summary: "Revoke a token of one's own; an administrator any",
    params: object({ id: text }),
    async handler(call) {
      const caller = callerOf(call);
      const { id } = call.params;
      const found = await call.deps.auth.get(id);
      if (found?.kind !== 'token' || !mayEnd(caller, found))
        throw new VedetteError('api.not_found', `There is no token ${id}.`);
      await call.deps.auth.revoke(id);
      await record(call, 'token.revoke', `token ${found.label}`, { token: id });
      return undefined as never;
    },
  }),
];
