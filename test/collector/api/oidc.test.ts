/** Signing in through a provider of identities: a real one, then one that forges. */
import {
  exportSPKI,
  importJWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import t, { type Test } from 'tap';
import { oidcSettings } from '../../../collector/auth/oidc/settings.ts';
import { BrowserJar } from './browser-jar.ts';
import { clientId, forgingProvider, realProvider } from './openid-provider.ts';
import type { RunningApi } from './start.ts';
import { freePort, startOidcApi, usualOidc } from './start-oidc.ts';

const startPath = '/api/v1/session/oidc';
const callbackPath = `${startPath}/callback`;

async function signedInAs(api: RunningApi, jar: BrowserJar) {
  const answer = await jar.get(`${api.baseUrl}/api/v1/session`);
  return (await answer.json()) as {
    name: string;
    role: string;
    code?: string;
    user: { displayName: string };
  };
}

async function startReal(t: Test, config: Parameters<typeof startOidcApi>[1] = {}) {
  const port = await freePort();
  const provider = await realProvider(t, [`http://127.0.0.1:${port}${callbackPath}`]);
  const api = await startOidcApi(t, { oidcIssuer: provider.issuer, ...config }, { port });
  /** The answer of the last stop, when it is no redirect. */
  const signIn = async (jar = new BrowserJar()) => {
    const back = await jar.follow(`${api.baseUrl}${startPath}`, (url) => url.includes(callbackPath));
    const answer = await jar.get(back);
    return { jar, back, answer, status: answer.status, location: answer.headers.get('location') };
  };
  return { api, provider, signIn };
}

t.test('a real provider: users are made, matched by subject, and get the role of their claims', async (t) => {
  const { api, provider, signIn } = await startReal(t);
  const ways = await (await fetch(`${api.baseUrl}/api/v1/sign-in`)).json();
  t.same(ways, { password: false, oidc: { title: 'Example ID', url: startPath } });

  const ada = { sub: 's-1', preferred_username: 'ada', name: 'Ada L.', groups: ['edr-people', 'other'] };
  provider.signIn(ada);
  const first = await signIn();
  t.equal(first.status, 303);
  t.equal(first.location, '/', 'to the dashboard, wherever a query says to go');
  t.match(await signedInAs(api, first.jar), {
    ...{ name: 'ada', role: 'analyst', kind: 'session' },
    user: { displayName: 'Ada L.', hasPassword: false },
  });
  const set = first.answer.headers.getSetCookie().join('\n');
  t.match(set, /vedette_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict/);
  t.match(set, /vedette_oidc=; .*Expires=Thu, 01 Jan 1970/);

  provider.signIn({ ...ada, preferred_username: 'countess', groups: ['edr-admins'] });
  const again = await signIn();
  t.match(await signedInAs(api, again.jar), { name: 'ada', role: 'admin' }, 'the same user, promoted');
  t.match(await signedInAs(api, first.jar), { code: 'api.unauthenticated' }, 'which ended what was before');

  provider.signIn({
    sub: 's-2',
    preferred_username: 'Ada',
    email: 'ada@evil.example',
    groups: ['edr-people'],
  });
  const other = await signIn();
  t.match(await signedInAs(api, other.jar), { name: 'Ada-2' }, 'nobody becomes ada by being called so');
  provider.signIn({ sub: 's-3', preferred_username: 'admin', groups: ['edr-people'] });
  t.match(await signedInAs(api, (await signIn()).jar), { name: 'admin-2', role: 'analyst' });

  await provider.rotateKeys();
  provider.signIn(ada);
  t.match(
    await signedInAs(api, (await signIn()).jar),
    { name: 'ada' },
    'after the provider changed its keys',
  );

  provider.signIn({ sub: 's-4', preferred_username: 'mallory', groups: ['visitors'] });
  const refused = await signIn();
  t.equal(refused.status, 403);
  t.match(await refused.answer.json(), { code: 'oidc.not_allowed' });
  t.notOk((await api.deps.access.accounts.list()).some(({ name }) => name === 'mallory'));
  const { items } = await api.deps.control.audit.list({ action: 'session.refuse' }, 10);
  t.match(items, [{ detail: { factor: 'oidc', code: 'oidc.not_allowed', address: '127.0.0.1' } }]);

  const account = await api.deps.access.accounts.byName('ada');
  await api.deps.access.accounts.change(account.id, { isDisabled: true }, { id: 'x', name: 'x' });
  provider.signIn(ada);
  t.match(await (await signIn()).answer.json(), { code: 'oidc.not_allowed' }, 'disabled here');
});

t.test('by domain of a verified e-mail address, with a default role', async (t) => {
  const config = { oidcRoles: [], oidcDefaultRole: 'viewer', oidcEmailDomains: ['@Example.org'] };
  const { api, provider, signIn } = await startReal(t, config);
  const people: [string, Record<string, unknown>, string | undefined][] = [
    ['s-1', { email: 'ada@example.org', email_verified: true }, 'ada@example.org'],
    ['s-2', { email: 'eve@example.org', email_verified: false }, undefined],
    ['s-3', { email: 'eve@example.org' }, undefined],
    ['s-4', { email: 'eve@example.org.evil.example', email_verified: true }, undefined],
    ['s-5', { email: '"@example.org"@evil.example', email_verified: true }, undefined],
    ['s-6', {}, undefined],
  ];
  for (const [sub, claims, name] of people) {
    provider.signIn({ sub, ...claims });
    const { jar, answer } = await signIn();
    if (name === undefined) t.match(await answer.json(), { code: 'oidc.not_allowed' }, sub);
    else t.match(await signedInAs(api, jar), { name, role: 'viewer' });
  }
});

t.test('the way back is good once, in the browser that set out, for ten minutes', async (t) => {
  const port = await freePort();
  const provider = await realProvider(t, [`http://127.0.0.1:${port}${callbackPath}`]);
  provider.signIn({ sub: 's-1', preferred_username: 'ada', groups: ['edr-people'] });
  let aheadMs = 0;
  const options = { port, now: () => Date.now() + aheadMs };
  const api = await startOidcApi(t, { oidcIssuer: provider.issuer }, options);
  const setOut = async (jar: BrowserJar) =>
    await jar.follow(`${api.baseUrl}${startPath}`, (url) => url.includes(callbackPath));
  const refused = async (jar: BrowserJar, url: string, why: string) => {
    const answer = await jar.get(url);
    t.equal(answer.status, 401, why);
    t.match(await answer.json(), { code: 'oidc.refused' }, why);
    t.equal(jar.cookie(api.baseUrl, 'vedette_session'), undefined, why);
  };

  const mine = new BrowserJar();
  const back = await setOut(mine);
  await refused(new BrowserJar(), back, 'a victim sent on with the answer of an attacker');
  const other = new BrowserJar();
  await setOut(other);
  await refused(other, back, "another browser's state");
  t.equal((await mine.get(back)).status, 303);
  const spent = new BrowserJar();
  spent.set(api.baseUrl, 'vedette_oidc', 'x'.repeat(43));
  await refused(spent, back, 'a cookie that was tossed in');

  const wrong = new BrowserJar();
  const url = new URL(await setOut(wrong));
  url.searchParams.set('state', 'x'.repeat(43));
  await refused(wrong, url.href, 'a wrong state');
  await refused(wrong, url.href, 'and it was good for one try');
  const denied = new BrowserJar();
  const error = new URL(await setOut(denied));
  error.searchParams.delete('code');
  error.searchParams.set('error', '<script>alert(1)</script>');
  error.searchParams.set('error_description', '<img src=x onerror=alert(1)>');
  const page = await denied.get(error.href, { accept: 'text/html' });
  t.equal(page.status, 401);
  t.match(page.headers.get('content-type'), /^text\/html/);
  const text = await page.text();
  t.match(text, /oidc\.refused/);
  t.notMatch(text, /<script|<img|onerror/);

  const late = new BrowserJar();
  const lateBack = await setOut(late);
  aheadMs = 600_001;
  await refused(late, lateBack, 'ten minutes later');
});

t.test('forged id tokens are refused, each for its own reason', async (t) => {
  const provider = await forgingProvider(t);
  const api = await startOidcApi(t, { oidcIssuer: provider.issuer, oidcDefaultRole: 'viewer' });
  const nowS = () => Math.floor(Date.now() / 1000);
  const claims = (nonce: string) => ({
    ...{ nonce, sub: 's-1', preferred_username: 'ada', iss: provider.issuer, aud: clientId },
    ...{ iat: nowS(), exp: nowS() + 300 },
  });
  const signed = (payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k', ...header }).sign(provider.privateKey);
  const signIn = async () => {
    const jar = new BrowserJar();
    const back = await jar.follow(`${api.baseUrl}${startPath}`, (url) => url.includes(callbackPath));
    const answer = await jar.get(back);
    return { jar, status: answer.status, json: answer.status === 303 ? null : await answer.json() };
  };
  provider.forge((nonce) => signed(claims(nonce)));
  const { jar, status } = await signIn();
  t.equal(status, 303, 'one that is right gets in');
  t.match(await signedInAs(api, jar), { name: 'ada', role: 'viewer' });
  t.match(Object.fromEntries(provider.asked()), {
    ...{ response_type: 'code', client_id: clientId, code_challenge_method: 'S256', scope: /\bopenid\b/ },
    ...{ code_challenge: /^[\w-]{43}$/, state: /^[\w-]{43}$/, nonce: /^[\w-]{43}$/ },
  });

  const publicKey = (await importJWK(provider.publicJwk, 'RS256', { extractable: true })) as CryptoKey;
  const publicText = Buffer.from(await exportSPKI(publicKey));
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forgeries: Record<string, (nonce: string) => Promise<string>> = {
    'alg none': async (nonce) => new UnsecuredJWT(claims(nonce)).encode(),
    'HS256 keyed with the public key': (nonce) =>
      new SignJWT(claims(nonce)).setProtectedHeader({ alg: 'HS256', kid: 'k' }).sign(publicText),
    'a signature that is cut off': async (nonce) => (await signed(claims(nonce))).replace(/[^.]*$/, ''),
    'claims that were changed after signing': async (nonce) => {
      const [head, , signature] = (await signed(claims(nonce))).split('.');
      return `${head}.${encoded({ ...claims(nonce), sub: 's-2' })}.${signature}`;
    },
    'a key the provider does not have': (nonce) => signed(claims(nonce), { kid: 'other' }),
    'a key that comes along in the header': (nonce) =>
      signed(claims(nonce), { kid: 'x', jwk: provider.publicJwk }),
    'an end in the past': (nonce) => signed({ ...claims(nonce), iat: nowS() - 7200, exp: nowS() - 3600 }),
    'another audience': (nonce) => signed({ ...claims(nonce), aud: 'somebody-else' }),
    'another issuer': (nonce) => signed({ ...claims(nonce), iss: 'https://evil.example' }),
    'the nonce of another sign-in': () => signed(claims('another')),
    'no nonce': (nonce) => {
      const { nonce: _, ...rest } = claims(nonce);
      return signed(rest);
    },
    'no token at all': async () => '',
  };
  for (const [name, make] of Object.entries(forgeries)) {
    provider.forge(make);
    const answer = await signIn();
    t.equal(answer.status, 401, name);
    t.match(answer.json, { code: 'oidc.refused' }, name);
    t.equal(answer.jar.cookie(api.baseUrl, 'vedette_session'), undefined, name);
  }
  provider.forge(async () => 'x'.repeat(300_000));
  t.match((await signIn()).json, { code: 'oidc.unavailable' }, 'an answer longer than the bound');
});

t.test('a provider that is away, or none', async (t) => {
  const api = await startOidcApi(t, { oidcIssuer: `http://127.0.0.1:${await freePort()}` });
  const answer = await fetch(`${api.baseUrl}${startPath}`);
  t.equal(answer.status, 503);
  t.match(await answer.json(), { code: 'oidc.unavailable', retryable: true });
});

t.test('settings that make no sense, or no safety, are refused', (t) => {
  const environment = { VEDETTE_OIDC_CLIENT_SECRET: 's' };
  const good = { ...usualOidc, oidcIssuer: 'https://id.example.org' };
  t.equal(oidcSettings(usualOidc, environment), undefined);
  t.match(oidcSettings(good, environment), { clientSecret: 's', defaultRole: null });
  const bad = [
    { oidcIssuer: 'http://id.example.org' },
    { oidcIssuer: 'http://127.0.0.1.evil.example' },
    { oidcIssuer: 'http://localhost.evil.example' },
    { oidcIssuer: 'file:///etc/passwd' },
    { oidcIssuer: 'https://user:pw@id.example.org' },
    { oidcIssuer: 'nonsense' },
    { oidcClientId: '' },
    { oidcRoles: ['edr'] },
    { oidcRoles: ['edr=owner'] },
    { oidcRoles: ['=admin'] },
  ];
  for (const change of bad)
    t.throws(() => oidcSettings({ ...good, ...change }, environment), { code: 'config.invalid' });
  t.throws(() => oidcSettings(good, {}), { code: 'config.invalid' }, 'without a secret');
  t.end();
});
