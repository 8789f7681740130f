/** Signing in through a provider of identities in a real browser, whose cookies know sites. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { realProvider } from '../collector/api/openid-provider.ts';
import { freePort, startOidcApi } from '../collector/api/start-oidc.ts';
import { axeProblems } from './axe.ts';
import { absent, buildWeb, pictures, visit, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('from a page of another site, through the provider, to a session', { skip: absent }, async (t) => {
  const port = await freePort();
  const provider = await realProvider(t, [`http://127.0.0.1:${port}/api/v1/session/oidc/callback`]);
  provider.signIn({ sub: 's-1', preferred_username: 'ada', groups: ['edr-people'] });
  const api = await startOidcApi(t, { oidcIssuer: provider.issuer }, { port });
  // localhost and 127.0.0.1 are different sites: the strictest way to come to us.
  const elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a id="in" href="${api.baseUrl}/api/v1/session/oidc">in</a>`);
  });
  const from = await freePort();
  elsewhere.listen(from, '127.0.0.1');
  t.teardown(() => elsewhere.close());
  const { page, context } = await visit(t, api);
  await page.goto(`http://localhost:${from}/`);
  await page.click('#in');
  await page.waitForURL(`${api.baseUrl}/`);
  const cookies = await context.cookies(api.baseUrl);
  t.match(
    cookies.find(({ name }) => name === 'vedette_session'),
    { httpOnly: true, sameSite: 'Strict' },
  );
  t.equal(
    cookies.find(({ name }) => name === 'vedette_oidc'),
    undefined,
    'the way back is closed',
  );
  // As the dashboard does, once its page is there.
  const me = await page.evaluate(async () => (await fetch('/api/v1/session')).json());
  t.match(me, { name: 'ada', role: 'analyst', kind: 'session' });
});

t.test('the button of the sign-in page leads through the provider and back', { skip: absent }, async (t) => {
  const port = await freePort();
  const provider = await realProvider(t, [`http://127.0.0.1:${port}/api/v1/session/oidc/callback`]);
  provider.signIn({ sub: 's-2', preferred_username: 'grace', groups: ['gardeners'] });
  const config = { oidcIssuer: provider.issuer, oidcTitle: 'Example <b>ID</b>' };
  const api = await startOidcApi(t, config, { port, webRoot: webRoot() });
  const { page } = await visit(t, api);
  await page.goto(`${api.baseUrl}/alerts`);
  const button = page.getByRole('link', { name: 'Sign in with Example <b>ID</b>' });
  await button.waitFor();
  t.equal(await page.locator('main b').count(), 0);
  await page.screenshot({ path: join(pictures, 'single-sign-on.png') });
  t.same(await axeProblems(page), []);
  await button.click();
  await page
    .getByText(/may not|not among|no role/i)
    .first()
    .waitFor();
  t.match(page.url(), /\/session\/oidc/, 'who has no role is told so');
  await page.screenshot({ path: join(pictures, 'single-sign-on-refused.png') });
  t.equal((await page.request.get(`${api.baseUrl}/api/v1/session`)).status(), 401);

  provider.signIn({ sub: 's-1', preferred_username: 'ada', groups: ['edr-people'] });
  await page.goto(api.baseUrl);
  await button.click();
  await page.locator('.frame').waitFor();
  await page.goto(`${api.baseUrl}/settings`);
  await page.getByText(/role analyst: may read/).waitFor();
});
