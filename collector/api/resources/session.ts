import { VedetteError } from '#shared/errors.ts';
import { permissions, permissionsOf } from '../../auth/permissions.ts';
import { type Credential, roles } from '../../store/contract.ts';
import { toIsoOrNull } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const callerSchema = object({
  id: text,
  kind: oneOf(['session', 'token', 'sign-in-link']),
  name: text,
  role: oneOf(roles),
  permissions: array(oneOf(permissions)),
  expiresAt: nullable(instant),
});
export type CallerJson = FromSchema<typeof callerSchema>;

function callerJson({ id, kind, name, role, expiresAt }: Credential): CallerJson {
  return { id, kind, name, role, permissions: permissionsOf(role), expiresAt: toIsoOrNull(expiresAt) };
}

/** The secret comes from the fragment of a sign-in link, posted by the page that the link opens. */
export const signIn = operation({
  method: 'POST',
  path: '/session',
  permission: 'open',
  summary: 'Trade the secret of a one-time sign-in link for a session cookie',
  perMinute: 10,
  body: object({ secret: { type: 'string', minLength: 1, maxLength: 256 } }),
  output: callerSchema,
  created: true,
  async handler(call) {
    const { deps, body, setSession } = call;
    const session = await deps.auth.exchange(body.secret);
    if (session === undefined) {
      deps.logger.warn('a sign-in link was refused');
      throw new VedetteError('api.sign_in_refused', 'This sign-in link does not work.');
    }
    const { name, role } = session.credential;
    await record({ ...call, caller: session.credential }, 'session.begin', `session ${name}`, { role });
    setSession(session.secret, session.credential.expiresAt);
    return callerJson(session.credential);
  },
});

export const whoAmI = operation({
  method: 'GET',
  path: '/session',
  permission: 'signed-in',
  summary: 'Who is asking, and what they may do',
  output: callerSchema,
  handler: (call) => callerJson(callerOf(call)),
});

export const signOut = operation({
  method: 'DELETE',
  path: '/session',
  permission: 'signed-in',
  summary: 'End the session; with a token, revoke the token',
  async handler(call) {
    const { id, name, kind } = callerOf(call);
    await call.deps.auth.revoke(id);
    await record(call, kind === 'token' ? 'token.revoke' : 'session.end', `${kind} ${name}`);
    call.setSession(null, null);
    return null as never;
  },
});

export const session = [signIn, whoAmI, signOut];
