/** Users, sessions and tokens that samples of requests are about. */
import { generate } from 'otplib';
import { sessionIdleUs } from '../../../collector/auth/auth.ts';
import { hashSecret } from '../../../collector/auth/secret.ts';
import type { Credential } from '../../../collector/store/contract.ts';
import type { RunningApi } from './start.ts';

const by = { id: 'test', name: 'test' };
const nowhere = { address: null, userAgent: null };

export type SessionKind =
  | 'session'
  | 'fresh session'
  | 'begun session'
  | 'two-factor session'
  | 'leaving session';

export interface SampleAccounts {
  /** Puts what was made in place of USER, ADMIN, REMOVED, SESSION, TOKEN, CODE, RECOVERY and LEAVING. */
  readonly named: (text: string) => string;
  /** Headers of a new session of a kind. */
  readonly headers: (kind: SessionKind) => Promise<Record<string, string>>;
  /** Headers of credentials of an admin that held until now: a token, a session, and a session nobody used for long. */
  readonly expired: () => Promise<
    readonly { readonly what: string; readonly headers: Record<string, string> }[]
  >;
}

const userOf: Readonly<Record<SessionKind, string>> = {
  session: 'admin',
  'fresh session': 'fresh',
  'begun session': 'begun',
  'two-factor session': 'two-factor',
  'leaving session': 'leaving',
};

/** Headers as our own pages send them. */
export function pageHeaders(baseUrl: string, secret: string): Record<string, string> {
  return { cookie: `vedette_session=${secret}`, origin: baseUrl, 'x-vedette-request': '1' };
}

export async function sampleAccounts({ deps, baseUrl }: RunningApi): Promise<SampleAccounts> {
  const { accounts } = deps.access;
  const user = async (name: string) =>
    await accounts.add({ name, displayName: '', role: 'viewer', password: null }, by);
  const sessionOf = async (name: string) =>
    await deps.auth.beginSession(await accounts.byName(name), 'link', nowhere);
  for (const name of ['fresh', 'begun', 'two-factor', 'leaving']) await user(name);
  const admin = await accounts.firstAdmin();
  const [begun, strong, leaving, ended] = await Promise.all(
    ['begun', 'two-factor', 'leaving', 'admin'].map(sessionOf),
  );
  if (!begun || !strong || !leaving || !ended) throw new Error('No session.');
  const { secret } = await accounts.beginSecondFactor(begun.credential);
  const recoveryOf = async (caller: Credential) => {
    const code = await generate({ secret: (await accounts.beginSecondFactor(caller)).secret });
    return [...(await accounts.confirmSecondFactor(caller, code))];
  };
  const recovery = await recoveryOf(strong.credential);
  const leavingCodes = await recoveryOf(leaving.credential);
  const { id: token } = await deps.auth.createToken('sample', 'viewer');
  const names: Readonly<Record<string, string>> = {
    USER: (await user('kept')).id,
    REMOVED: (await user('removed')).id,
    ADMIN: admin.id,
    SESSION: ended.credential.id,
    TOKEN: token,
    CODE: await generate({ secret }),
  };
  /** Shows that they are let in before their time is over, so that only the time can be what they are refused for. */
  const expect = async (status: number, headers: Record<string, string>) => {
    const answer = await fetch(new URL('/api/v1/session', baseUrl), { headers });
    await answer.body?.cancel();
    if (answer.status !== status) throw new Error(`${answer.status} in place of ${status}.`);
  };
  const expired: SampleAccounts['expired'] = async () => {
    const { credentials } = deps.control;
    const now = Date.now() * 1000;
    const { token: bearer, id } = await deps.auth.createToken('short', 'admin');
    const [ended, idle] = [await sessionOf('admin'), await sessionOf('admin')];
    const all = [
      { what: 'an expired token', headers: { authorization: `Bearer ${bearer}` } },
      { what: 'an expired session', headers: pageHeaders(baseUrl, ended.secret) },
      { what: 'an idle session', headers: pageHeaders(baseUrl, idle.secret) },
    ];
    for (const { headers } of all) await expect(200, headers);
    await credentials.rotate(id, hashSecret(bearer), now);
    await credentials.rotate(ended.credential.id, hashSecret(ended.secret), now);
    await credentials.touch(idle.credential.id, now - sessionIdleUs - 1);
    return all;
  };
  return {
    expired,
    named: (text) =>
      text
        .replace(/\b(?:USER|REMOVED|ADMIN|SESSION|TOKEN|CODE)\b/g, (name) => names[name] ?? name)
        .replace(/\bRECOVERY\b/g, () => recovery.pop() ?? 'none')
        .replace(/\bLEAVING\b/g, () => leavingCodes.pop() ?? 'none'),
    headers: async (kind) => pageHeaders(baseUrl, (await sessionOf(userOf[kind])).secret),
  };
}
