import { VedetteError } from '#shared/errors.ts';
import { type Caller, permissions } from '../../auth/permissions.ts';
import type { SignedIn } from '../../auth/sign-in.ts';
import { roles } from '../../store/contract.ts';
import type { ApiDeps } from '../deps.ts';
import { toIsoOrNull } from '../instants.ts';
import { code, factorsJson, password } from '../json/user.ts';
import { apiPrefix, type Call, callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const callerSchema = object({
  id: text,
  kind: oneOf(['session', 'token', 'sign-in-link', 'device']),
  name: text,
  role: oneOf(roles),
  permissions: array(oneOf(permissions)),
  expiresAt: nullable(instant),
  needsSecondFactor: {
    type: 'boolean',
    description: 'Nothing is allowed before the user has set up a second factor.',
  },
  user: nullable(
    object({
      ...{ id: text, name: text, displayName: text },
      ...{ hasPassword: { type: 'boolean' }, hasSecondFactor: { type: 'boolean' } },
    }),
  ),
});
export type CallerJson = FromSchema<typeof callerSchema>;

async function callerJson(deps: ApiDeps, caller: Caller): Promise<CallerJson> {
  const { id, kind, name, role, permissions, needsSecondFactor, expiresAt, accountId } = caller;
  const account = accountId === null ? undefined : await deps.control.accounts.get(accountId);
  const user = account && {
    ...{ id: account.id, name: account.name, displayName: account.displayName },
    ...factorsJson(account),
  };
  return {
    ...{ id, kind, name, role, permissions, needsSecondFactor },
    expiresAt: toIsoOrNull(expiresAt),
    user: user ?? null,
  };
}

interface SignInBody {
  readonly secret?: string;
  readonly user?: string;
  readonly password?: string;
  readonly code?: string;
}

async function signedIn({ deps, client, device }: Call<unknown, unknown, SignInBody>, body: SignInBody) {
  const { secret, user, password } = body;
  if (secret !== undefined && user === undefined && password === undefined)
    return await deps.access.signIn.withLink(secret, { client, device });
  if (secret === undefined && user !== undefined && password !== undefined)
    return await deps.access.signIn.withPassword({ user, password, code: body.code, client, device });
  throw new VedetteError('api.invalid', 'Give either secret, or user and password.');
}

/** Hands a browser its session, in place of one it had; everything that signs in ends here. */
export async function beginSession(
  call: Pick<Call<unknown, unknown, unknown>, 'deps' | 'now' | 'client' | 'setSession' | 'setDevice'>,
  { secret, credential, device }: SignedIn,
): Promise<CallerJson> {
  const { name, role, via } = credential;
  const detail = { role, via: via ?? '', address: call.client.address ?? '' };
  await record({ ...call, caller: credential }, 'session.begin', `user ${name}`, detail);
  call.setSession(secret, credential.expiresAt);
  if (device !== undefined) call.setDevice(device.secret, device.expiresAt);
  return await callerJson(call.deps, credential);
}

export const signIn = operation({
  method: 'POST',
  path: '/session',
  permission: 'open',
  summary: 'Sign in: the secret of a one-time sign-in link, or name and password, for a session cookie',
  perMinute: 60,
  body: object(
    {},
    {
      secret: { type: 'string', minLength: 1, maxLength: 256, description: 'From the fragment of the link.' },
      user: { type: 'string', minLength: 1, maxLength: 64 },
      password,
      code,
    },
  ),
  output: callerSchema,
  created: true,
  async handler(call) {
    return await beginSession(call, await signedIn(call, call.body));
  },
});

export const whoAmI = operation({
  method: 'GET',
  path: '/session',
  permission: 'signed-in',
  summary: 'Who is asking, and what they may do',
  output: callerSchema,
  handler: (call) => callerJson(call.deps, callerOf(call)),
});

export const signOut = operation({
  method: 'DELETE',
  path: '/session',
  permission: 'signed-in',
  summary: 'End the session; with a token, revoke the token',
  async handler(call) {
    const { id, name, label, kind, accountId } = callerOf(call);
    await call.deps.auth.revoke(id);
    const target = accountId === null || kind === 'token' ? `token ${label}` : `user ${name}`;
    await record(call, kind === 'token' ? 'token.revoke' : 'session.end', target);
    call.setSession(null, null);
    return null as never;
  },
});

export const signInWays = operation({
  method: 'GET',
  path: '/sign-in',
  permission: 'open',
  summary: 'What ways there are to sign in',
  output: object({
    password: {
      type: 'boolean',
      description:
        'With name and password, and a second factor where one is set; false while nobody has one.',
    },
    oidc: nullable(
      object({
        title: { ...text, description: 'What the provider of identities is called.' },
        url: { ...text, description: 'Where the browser is to go.' },
      }),
    ),
  }),
  handler: async ({ deps: { oidc, control } }) => ({
    password: (await control.accounts.list()).some(
      ({ isDisabled, passwordHash }) => !isDisabled && passwordHash !== null,
    ),
    oidc: oidc === undefined ? null : { title: oidc.title, url: `${apiPrefix}/session/oidc` },
  }),
});

export const session = [signIn, whoAmI, signOut, signInWays];
