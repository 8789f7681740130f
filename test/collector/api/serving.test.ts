/** How it is served: the built dashboard with its cache headers, and everything over TLS. */
// @peculiar/x509 needs it before it is loaded.
import 'reflect-metadata';
import { once } from 'node:events';
import { get as getHttps, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import * as x509 from '@peculiar/x509';
import t from 'tap';
import { pages } from '../../../collector/web/pages.ts';
import { startApi } from './start.ts';

/** Of the file, because each test's own folder holds its control store. */
const built = t.testdir({
  web: { 'index.html': '<title>page</title>', assets: { 'index-abc123.js': '1' } },
  'outside.txt': 'secret',
});

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { name: 'CN=localhost', keys, signingAlgorithm: algorithm },
    crypto as never,
  );
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    cert: certificate.toString('pem'),
  };
}

t.test('the dashboard: its page is always asked for anew, its assets never', async (t) => {
  const api = await startApi(t, { webRoot: join(built, 'web') });
  const page = await fetch(`${api.baseUrl}/`);
  t.equal(page.status, 200);
  t.equal(page.headers.get('cache-control'), 'no-cache');
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  const asset = await fetch(`${api.baseUrl}/assets/index-abc123.js`);
  t.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  for (const path of [
    '/..%2foutside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/assets/',
    '/index',
    '/control.db',
  ]) {
    const answer = await fetch(`${api.baseUrl}${path}`);
    t.equal(answer.status, 404, path);
    t.notMatch(await answer.text(), /^secret/);
  }
});

t.test('the paths of its pages are answered with the page, whatever they are of', async (t) => {
  const api = await startApi(t, { webRoot: join(built, 'web') });
  const shown = pages
    .filter(({ path }) => path !== '/')
    .map(({ path }) => path.replaceAll(/:\w+/g, 'a%20b.c'));
  for (const path of [...shown, '/alerts/', '/tree?entity=e', '/rules/..%2f..%2foutside.txt']) {
    const answer = await fetch(`${api.baseUrl}${path}`);
    t.equal(answer.status, 200, path);
    t.equal(await answer.text(), '<title>page</title>');
    t.equal(answer.headers.get('cache-control'), 'no-cache');
    t.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
  }
  for (const path of ['/alertsx', '/assets/gone-abc123.js', '/api/v1/none', '/favicon.png'])
    t.equal((await fetch(`${api.baseUrl}${path}`)).status, 404, path);
  t.equal((await fetch(`${api.baseUrl}/alerts`, { method: 'POST' })).status, 404);
});

t.test('without a built dashboard the API is served and the log says so', async (t) => {
  const api = await startApi(t, { webRoot: built });
  t.equal((await fetch(`${api.baseUrl}/`)).status, 404);
  t.equal((await fetch(`${api.baseUrl}/health`)).status, 200);
  t.match(api.log.join('\n'), /the dashboard is not built/);
});

t.test('over TLS: 1.3 only, strict transport, and a cookie bound to the host', async (t) => {
  const tls = await selfSigned();
  const api = await startApi(t, { tls });
  t.match(api.baseUrl, /^https:/);
  const port = Number(new URL(api.baseUrl).port);
  const ask = async (options: RequestOptions) => {
    const [answer] = await once(
      getHttps({
        port,
        host: '127.0.0.1',
        ca: tls.cert,
        servername: 'localhost',
        rejectUnauthorized: false,
        ...options,
      }),
      'response',
    );
    answer.resume();
    return answer;
  };
  const health = await ask({ path: '/health' });
  t.equal(health.headers['strict-transport-security'], 'max-age=31536000');
  t.match(health.headers['content-security-policy'], /upgrade-insecure-requests/);

  const { url } = await api.deps.auth.createSignInLink(api.baseUrl);
  const secret = new URL(url).hash.slice('#sign-in='.length);
  const session = await api.app.inject({ method: 'POST', url: '/api/v1/session', payload: { secret } });
  t.match(
    session.headers['set-cookie'],
    /^__Host-vedette_session=.*; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/,
  );

  const old = connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  const [error] = await once(old, 'error').catch((thrown) => [thrown]);
  t.match(error.code, /PROTOCOL_VERSION/);
});
