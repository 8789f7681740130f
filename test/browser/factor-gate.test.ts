/** Where everybody must have a second factor, nobody comes past its set-up. */
import { join } from 'node:path';
import { generate } from 'otplib';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { axeProblems } from './axe.ts';
import { addHosts } from './scene.ts';
import { absent, buildWeb, pictures, visit, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('a second factor is set up before anything else is shown', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const settings = { allowedAddresses: [], requireSecondFactor: true, sessionHours: 12 };
  const entry = { at: 1, actor: 'ada', action: 'access.set', target: 'settings access', detail: {} };
  await api.deps.auth.changeSettings(settings, entry);
  const { page } = await visit(t, api);
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl, { name: 'ada', role: 'admin' });
  await page.goto(url);
  const gate = page.getByRole('heading', { name: 'Set up a second factor' });
  await gate.waitFor();
  await page.goto(`${api.baseUrl}/hosts`);
  await gate.waitFor();
  t.equal(await page.getByRole('navigation').count(), 0, 'by no address');
  t.equal(await page.getByText('web-1').count(), 0);
  const refused = await page.evaluate(async () => {
    const answer = await fetch('/api/v1/hosts');
    return { status: answer.status, ...(await answer.json()) };
  });
  t.match(refused, { status: 403, code: 'access.second_factor_required' }, 'nor past the page');
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(pictures, `factor-gate-${width}-${colorScheme}.png`) });
    t.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    t.same(await axeProblems(page), []);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  const code = page.getByLabel('Code of the app');
  await code.fill('000000');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('alert').waitFor();
  t.ok(await gate.isVisible(), 'a wrong code opens nothing');
  const secret = ((await page.locator('.factor-key').textContent()) ?? '').replaceAll(' ', '');
  await code.fill(await generate({ secret }));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.locator('.codes code').nth(9).waitFor();
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByRole('link', { name: 'web-1' }).waitFor();
  t.equal(new URL(page.url()).pathname, '/hosts', 'where they wanted to go');
});

t.test('or one signs out again', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const settings = { allowedAddresses: [], requireSecondFactor: true, sessionHours: 12 };
  const entry = { at: 1, actor: 'ada', action: 'access.set', target: 'settings access', detail: {} };
  await api.deps.auth.changeSettings(settings, entry);
  const { page, context } = await visit(t, api);
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl, { name: 'ada', role: 'viewer' });
  await page.goto(url);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Vedette' }).waitFor();
  const cookies = await context.cookies(api.baseUrl);
  t.notOk(cookies.some(({ name, value }) => name === 'vedette_session' && value !== ''));
});
