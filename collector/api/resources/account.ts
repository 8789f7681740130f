import { VedetteError } from '#shared/errors.ts';
import type { Caller } from '../../auth/permissions.ts';
import { code, password } from '../json/user.ts';
import { type Call, callerOf, operation } from '../operation.ts';
import { array, object, text } from '../schema.ts';

const codesSchema = object({
  recoveryCodes: array(text, 'Each signs in once in place of a code. Shown this once.'),
});

/** A second factor is set up by a person: who has stolen a token cannot lock them out with it. */
function sessionOf(call: Call<unknown, unknown, unknown>): Caller {
  const caller = callerOf(call);
  if (caller.kind !== 'session')
    throw new VedetteError('api.forbidden', 'This takes a session; a token may not.');
  return caller;
}

/** Who may do more now gets another secret: one that was planted or copied before is worth nothing. */
async function renewSession(call: Call<unknown, unknown, unknown>): Promise<void> {
  const caller = callerOf(call);
  if (caller.kind !== 'session') return;
  const secret = await call.deps.auth.renew(caller);
  if (secret !== undefined) call.setSession(secret, caller.expiresAt);
}

export const account = [
  operation({
    method: 'PUT',
    path: '/account/password',
    permission: 'signed-in',
    summary: 'Set the own password; all other sessions end',
    body: object(
      { next: password },
      {
        current: {
          ...password,
          description: 'Not needed where there is none, or within 10 minutes of using a sign-in link.',
        },
      },
    ),
    async handler(call) {
      const { current, next } = call.body;
      await call.deps.access.accounts.setPassword(callerOf(call), current, next);
      await renewSession(call);
      return undefined as never;
    },
  }),
  operation({
    method: 'POST',
    path: '/account/second-factor',
    permission: 'signed-in',
    summary: 'Begin to set up a second factor; it holds once a code of it was given',
    output: object({
      secret: { ...text, description: 'Base32, to be typed into an authenticator app.' },
      uri: { ...text, description: 'otpauth:// address, to be shown as a QR code.' },
    }),
    created: true,
    handler: (call) => call.deps.access.accounts.beginSecondFactor(sessionOf(call)),
  }),
  operation({
    method: 'PUT',
    path: '/account/second-factor',
    permission: 'signed-in',
    summary: 'Put the second factor in force by a code of it',
    body: object({ code }),
    output: codesSchema,
    async handler(call) {
      const recoveryCodes = await call.deps.access.accounts.confirmSecondFactor(
        sessionOf(call),
        call.body.code,
      );
      await renewSession(call);
      return { recoveryCodes };
    },
  }),
  operation({
    method: 'DELETE',
    path: '/account/second-factor',
    permission: 'signed-in',
    summary: 'Take the own second factor off',
    body: object({ code }),
    async handler(call) {
      await call.deps.access.accounts.removeSecondFactor(sessionOf(call), call.body.code);
      await renewSession(call);
      return undefined as never;
    },
  }),
  operation({
    method: 'POST',
    path: '/account/recovery-codes',
    permission: 'signed-in',
    summary: 'Make new recovery codes; those before end',
    body: object({ code }),
    output: codesSchema,
    created: true,
    async handler(call) {
      const { accounts } = call.deps.access;
      return { recoveryCodes: await accounts.renewRecoveryCodes(sessionOf(call), call.body.code) };
    },
  }),
];
