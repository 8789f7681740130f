/** The dashboard in a real browser against a real API, control store, bus and feed. */
import { join } from 'node:path';
import t from 'tap';
import type { CollectorStatus } from '../../collector/store/contract.ts';
import { startApi } from '../collector/api/start.ts';
import { addEventOf, addHosts, nowUs, raise, raisedAgo } from './scene.ts';
import { absent, buildWeb, pictures, signIn, visit, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

/** As of a collector whose first host lost seven events, and whose disk changed what it had stored. */
function withLoss(status: CollectorStatus): CollectorStatus {
  const lostByReason = { 'outbox-full': 2, 'sensor-overrun/process': 5 };
  return {
    ...status,
    hosts: status.hosts.map((ledger) =>
      ledger.hostId === 'h1' ? { ...ledger, collected: 7, lost: 7, lostByReason } : ledger,
    ),
    detection: { ...status.detection, damagedBatches: 3 },
  };
}

t.test('signing in through a link', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, context } = await visit(t, api);
  await page.goto(api.baseUrl);
  await page.getByText('npx vedette sign-in').waitFor();
  await page.screenshot({ path: join(pictures, 'sign-in.png') });
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl, { name: 'ada' });
  await page.goto(url);
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
  t.equal(page.url(), `${api.baseUrl}/`, 'the secret is gone from the address');
  t.notMatch(
    await page.evaluate(() =>
      JSON.stringify([history.state, { ...localStorage }, { ...sessionStorage }, document.cookie]),
    ),
    /[\w-]{43}/,
  );
  await page.getByRole('button', { name: /Account of ada/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Vedette' }).waitFor();

  const other = await context.newPage();
  await other.goto(url);
  await other.getByText('This sign-in link does not work.').waitFor();
});

t.test('what happens shows on the overview without a reload', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, faults } = await signIn(t, api);
  await page.getByText('No open alerts').waitFor();
  await page.getByText('No hosts yet').waitFor();
  await page.getByText('No alerts in this time').waitFor();
  await page.evaluate(() => Object.assign(window, { same: true }));

  await addHosts(api);
  await api.deps.bus.publish('host', (await api.deps.control.hosts.get('h1'))!);
  await page.locator('.freshness').getByText('web-1').waitFor();

  const point = { second: Math.floor(Date.now() / 1000) - 1, counts: { 'process.start': 50, login: 5 } };
  await api.deps.bus.publish('rates', point);
  await page.locator('.legend').getByText('process.start').waitFor();
  await page.locator('.chart canvas').waitFor();

  await raise(api, raisedAgo({ level: 'critical', ruleTitle: 'First' }, 'a1', 1));
  const newest = page.getByRole('region', { name: 'Newest open alerts' });
  await newest.getByRole('link', { name: 'First' }).waitFor();
  await page.locator('.level-count.critical').getByText('1 critical').waitFor();
  await page.getByRole('img', { name: /^Alerts raised: critical 1, high 0/ }).waitFor();
  await page.locator('.bar.critical').waitFor({ state: 'attached' });
  await page.getByRole('navigation', { name: 'Pages' }).getByText('1 open').waitFor();
  t.match(await page.locator('[aria-live=polite]').textContent(), /New critical alert: First on web-1/);
  await api.deps.control.alerts.setStatus('a1', 'closed', 'bob', null, nowUs());
  await api.deps.bus.publish('alert', {
    alert: (await api.deps.control.alerts.get('a1'))!,
    isNew: false,
  });
  await newest.getByText('No open alerts').waitFor();
  t.equal(await page.evaluate(() => 'same' in window), true, 'the page was not loaded again');
  t.same(faults, []);
});

t.test('the overview leads on: time to its alerts, risk to who it is of', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const alert = raisedAgo({ ruleTitle: 'An hour ago', level: 'critical' }, 'hour', 3_600);
  addEventOf(api, alert);
  await raise(api, alert, raisedAgo({ ruleTitle: 'Days ago' }, 'days', 3 * 86_400));
  await api.deps.control.alerts.setStatus('days', 'closed', 'bob', null, nowUs());
  const { page, faults } = await signIn(t, api);
  await page.getByRole('img', { name: /critical 1, high 0/ }).waitFor();
  await page.getByText('Days ago was closed by bob').waitFor();
  await page.getByRole('button', { name: 'Week' }).click();
  await page.getByRole('img', { name: /critical 1, high 1/ }).waitFor();
  t.match(page.url(), /span=7d/);
  await page.getByRole('button', { name: 'Day', exact: true }).click();
  await page.getByRole('img', { name: /critical 1, high 0/ }).waitFor();
  const bar = await page.locator('.bar.critical').boundingBox();
  await page.mouse.click((bar?.x ?? 0) + (bar?.width ?? 0) / 2, (bar?.y ?? 0) + 5);
  await page.waitForURL(/\/alerts\?status=all&since=.*&until=/);
  await page.getByRole('row').filter({ hasText: 'An hour ago' }).waitFor();
  t.equal(await page.locator('.grid-body [role=row]').count(), 1);
  await page.goto(api.baseUrl);
  await page.getByRole('region', { name: 'Top risk' }).getByRole('link', { name: 'www-data' }).click();
  await page.waitForURL(/user=www-data/);
  t.same(faults, []);
});

t.test('losses are told with host and reason', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const usual = api.deps.status;
  Object.assign(api.deps, { status: async () => withLoss(await usual()) });
  await addHosts(api);
  const { page, faults } = await signIn(t, api);
  const ledger = page.getByRole('region', { name: 'Loss ledger' });
  await ledger.getByText('sensor-overrun/process').waitFor();
  t.match(await ledger.textContent(), /Lost7web-1sensor-overrun\/process5web-1outbox-full2/);
  t.match(await ledger.textContent(), /Detection could not read 3 batches/);
  await ledger.getByRole('link', { name: 'web-1' }).first().click();
  await page.waitForURL(/\/hosts\/h1$/);
  await page.getByRole('region', { name: 'Ledger' }).getByText('outbox-full').waitFor();
  t.same(faults, []);
});

t.test('the feed comes back after the collector was away', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page } = await signIn(t, api);
  for (const client of api.app.websocketServer.clients) client.terminate();
  await page.locator('.connection.lost').waitFor();
  await raise(api, raisedAgo({ ruleTitle: 'Meanwhile' }, 'm', 1));
  await page.locator('.connection.live').waitFor();
  await page.getByRole('link', { name: 'Meanwhile' }).waitFor();
});
