/** The dashboard in a real browser against a real API, control store, bus and feed. */
import { join } from 'node:path';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import {
  addEvent,
  addEvents,
  addHosts,
  addRates,
  alerts,
  hostileCommand,
  raise,
  raisedAgo,
} from './scene.ts';
import { absent, buildWeb, pictures, signIn, visit, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

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
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Vedette' }).waitFor();

  const other = await context.newPage();
  await other.goto(url);
  await other.getByText('This sign-in link does not work.').waitFor();
});

t.test('hosts, alerts and events arrive without a reload', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, faults } = await signIn(t, api);
  await page.getByText('No open alerts').waitFor();
  await page.getByText('No hosts yet').waitFor();
  await page.evaluate(() => Object.assign(window, { same: true }));

  await addHosts(api);
  await api.deps.bus.publish('host', (await api.deps.control.hosts.get('h1'))!);
  await page.locator('table.hosts').getByText('web-1').waitFor();

  addEvent(api, 'login', { 'event.action': 'failed', 'user.name': 'mallory' });
  await api.deps.bus.publish('stored', { events: 1 });
  await page.locator('table.events').getByText('mallory').waitFor();

  const point = { second: Math.floor(Date.now() / 1000) - 1, counts: { 'process.start': 50, login: 5 } };
  await api.deps.bus.publish('rates', point);
  await page.locator('.legend').getByText('process.start').waitFor();
  await page.locator('.chart canvas').waitFor();

  await raise(api, raisedAgo({ level: 'critical', ruleTitle: 'First' }, 'a1', 1));
  await page.getByRole('button', { name: 'First' }).waitFor();
  await page.locator('.level-count.critical').getByText('1 critical').waitFor();
  await raise(api, raisedAgo({ ruleTitle: 'First', level: 'critical', count: 4 }, 'a1', 0));
  await page.locator('.alert').getByText('×5').waitFor();
  t.match(await page.locator('[aria-live=polite]').textContent(), /New critical alert: First on web-1/);
  t.equal(await page.evaluate(() => 'same' in window), true, 'the page was not loaded again');
  t.same(faults, []);
});

t.test('triage by keyboard', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  await raise(
    api,
    ...['one', 'two', 'three'].map((name, i) => raisedAgo({ ruleTitle: name }, name, 30 - i * 10)),
  );
  const { page, faults } = await signIn(t, api);
  await page.getByRole('button', { name: 'three', exact: true }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.id);

  await page.keyboard.press('j');
  t.equal(await focused(), 'alert-three', 'newest first');
  await page.keyboard.press('j');
  t.equal(await focused(), 'alert-two');
  await page.keyboard.press('k');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const detail = page.getByRole('complementary', { name: 'Alert detail' });
  await detail.getByRole('heading', { name: 'two', exact: true }).waitFor();
  t.match(await detail.textContent(), /Why it fired.*contains '\/dev\/tcp\/'/s);
  t.match(await detail.textContent(), /python3 \/srv\/app\.py/);
  t.match(await detail.textContent(), /T1059\.004/);

  await page.keyboard.press('a');
  await detail.locator('.status.acknowledged').waitFor();
  t.match(await api.deps.control.alerts.get('two'), { status: 'acknowledged', changedBy: 'ada' });
  await page.locator('.alert').getByText('two', { exact: true }).waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await detail.waitFor({ state: 'detached' });

  await page.getByRole('combobox', { name: 'Filter events' }).fill('jacka');
  t.match(await api.deps.control.alerts.get('three'), { status: 'open' }, 'typing is not a command');
  await page.getByRole('combobox', { name: 'Filter events' }).blur();
  await page.locator('#alert-three').focus();
  await page.keyboard.press('c');
  await page.locator('#alert-three').waitFor({ state: 'detached' });
  t.match(await api.deps.control.alerts.get('three'), { status: 'closed' });
  await page.getByRole('button', { name: /^Acknowledged/ }).click();
  await page.getByRole('button', { name: 'two', exact: true }).waitFor();
  t.same(faults, []);
});

t.test('who may only read sees no way to change', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await raise(api, raisedAgo({ ruleTitle: 'one' }, 'one', 5));
  const { page } = await signIn(t, api, {}, 'viewer');
  await page.getByRole('button', { name: 'one', exact: true }).click();
  await page.getByRole('complementary').waitFor();
  t.equal(await page.getByRole('button', { name: 'Acknowledge a' }).count(), 0);
  await page.keyboard.press('a');
  await page.waitForTimeout(200);
  t.match(await api.deps.control.alerts.get('one'), { status: 'open' });
});

t.test('what hosts say is text, all of it seen', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await api.deps.control.hosts.add('h9', { hostname: '<b>bold</b>\u202ehost', os: 'linux' }, 1);
  const over = { ruleTitle: 'Odd', reason: hostileCommand, hostName: '<i>host</i>', tags: ['<u>tag</u>'] };
  const alert = raisedAgo(over, 'odd', 5);
  const event = { ...alert.event, 'process.command_line': hostileCommand, 'user.name': '\u0000root\u200b' };
  await raise(api, {
    ...alert,
    event,
    matches: [{ selection: '<s>', value: hostileCommand, test: hostileCommand }],
  });
  addEvent(api, 'process.start', event);
  const { page, faults } = await signIn(t, api);
  await page.getByRole('button', { name: 'Odd' }).click();
  const detail = page.getByRole('complementary');
  await detail.getByText('Raw JSON').click();
  t.equal(await page.evaluate(() => 'owned' in window), false);
  t.equal(await page.locator('main img, main script, main b, main i, main u, main s').count(), 0);
  const shown = (await detail.locator('.commands').textContent()) ?? '';
  t.match(shown, /<img src=x onerror=/);
  t.match(shown, /ESC\[31mrm -rf \/ESC\[0m U\+202E/);
  t.match(shown, /U\+200D/);
  t.notMatch(await page.locator('main').textContent(), /(?!\n)[\p{Cc}\p{Cf}]/u);
  await page.screenshot({ path: join(pictures, 'hostile.png') });
  t.same(faults, []);
});

t.test('the feed comes back after the collector was away', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page } = await signIn(t, api);
  for (const client of api.app.websocketServer.clients) client.terminate();
  await page.locator('.connection.lost').waitFor();
  await raise(api, raisedAgo({ ruleTitle: 'Meanwhile' }, 'm', 1));
  await page.locator('.connection.live').waitFor();
  await page.getByRole('button', { name: 'Meanwhile' }).waitFor();
});

t.test('pictures, wide and narrow, light and dark', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  addEvents(api);
  addRates(api);
  await raise(api, ...alerts.map(([id, secondsAgo, over]) => raisedAgo(over, id, secondsAgo)));
  await raise(api, raisedAgo({}, 'a-shell', 14));
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [width, height] of [
      [1280, 900],
      [390, 844],
    ] as const) {
      const { page, faults } = await signIn(t, api, { viewport: { width, height }, colorScheme });
      await page.locator('.chart canvas').waitFor();
      await page.getByText('Shadow file read').first().waitFor();
      await page.locator('table.events tbody tr').first().waitFor();
      const name = `${width}-${colorScheme}`;
      await page.screenshot({ path: join(pictures, `${name}.png`) });
      await page.screenshot({ path: join(pictures, `${name}-whole.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      t.ok(overflow <= 0, `${name} does not scroll sideways (${overflow})`);
      await page.getByRole('button', { name: 'Shell with a network socket' }).click();
      await page.getByRole('complementary').waitFor();
      await page.screenshot({ path: join(pictures, `${name}-detail.png`) });
      t.same(faults, []);
    }
  }
});
