/** SSRF: which addresses the collector can be made to ask, and that nobody but its operator names them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { boundedFetch } from '../../collector/auth/oidc/bounded-fetch.ts';
import { OidcProvider } from '../../collector/auth/oidc/provider.ts';
import { oidcSettings } from '../../collector/auth/oidc/settings.ts';
import { collectorSettings } from '../../collector/config.ts';
import { startApi } from '../collector/api/start.ts';
import { usualOidc } from '../collector/api/start-oidc.ts';
import { routesOf } from './signed-in.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const namesIn = (schema: Schema | undefined): string[] =>
  schema === undefined
    ? []
    : [
        ...Object.entries(schema.properties ?? {}).flatMap(([name, value]) => [name, ...namesIn(value)]),
        ...namesIn(schema.items),
      ];

t.test('no request names an address that would be asked', async (t) => {
  const api = await startApi(t);
  const suspicious = /ur[li]$|href|webhook|callback|endpoint|proxy|issuer|^host$|server/i;
  const named = (await routesOf(api)).flatMap(({ method, path, body }) =>
    namesIn(body)
      .filter((name) => suspicious.test(name))
      .map((name) => `${method} ${path} ${name}`),
  );
  t.same(
    named,
    [],
    'whoever adds one has to say here what keeps it from asking this machine and its network',
  );
  const settings = Object.keys(collectorSettings).filter((name) =>
    /url|issuer|address|proxies|webhook/i.test(name),
  );
  // publicUrl, agentAddress and trustedProxies are shown or compared, never asked.
  t.same(settings.sort(), ['agentAddress', 'oidcIssuer', 'publicUrl', 'trustedProxies']);
});

t.test(
  'a provider of identities leads nowhere else: no redirects, no plain HTTP, no endless answers',
  async (t) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/secret') return void response.end('{"secret":true}');
      if (request.url === '/endless') {
        const timer = setInterval(() => response.write(' '.repeat(65_536)), 1);
        response.on('close', () => clearInterval(timer));
        return;
      }
      response.writeHead(302, { location: '/secret' }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = oidcSettings({ ...usualOidc, oidcIssuer: origin }, { VEDETTE_OIDC_CLIENT_SECRET: 's' });
    if (settings === undefined) throw new Error('No settings.');
    await t.rejects(new OidcProvider(settings).begin('http://127.0.0.1/back'), { code: 'oidc.unavailable' });
    t.same(asked, ['/.well-known/openid-configuration'], 'the redirect to what is inside was not followed');

    const ask = boundedFetch(false);
    // What a provider's own document may name: metadata services and neighbours that speak plain HTTP.
    for (const url of [
      `${origin}/secret`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
      'data:,x',
    ])
      await t.rejects(ask(url, {}), { message: /not https/ }, url);
    await t.rejects(boundedFetch(true)('http://169.254.169.254/', {}), { message: /not https/ });
    await t.rejects(boundedFetch(true)(`${origin}/endless`, {}), { message: /longer than/ });
  },
);
