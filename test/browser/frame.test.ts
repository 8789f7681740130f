/** What stands around every page: ways to go, addresses, zone of time, colours, the keyboard. */
import { join } from 'node:path';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { addEventOf, addEvents, addHosts, raise, raisedAgo } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('pages have addresses, old ones lead on, and none is loaded twice', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  addEvents(api);
  const { page, faults } = await signIn(t, api);
  await page.evaluate(() => Object.assign(window, { same: true }));
  const heading = (name: string) => page.getByRole('heading', { level: 1, name });
  for (const [link, path, title] of [
    ['Alerts', '/alerts', 'Alerts'],
    ['Stories', '/stories', 'Stories'],
    ['Hosts', '/hosts', 'Hosts'],
    ['Overview', '/', 'Overview'],
  ] as const) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: link }).click();
    await heading(title).waitFor();
    t.equal(new URL(page.url()).pathname, path);
    await page.waitForFunction((wanted) => document.title.startsWith(wanted), title);
    const shown = page.getByRole('navigation', { name: 'Pages' }).locator('[aria-current=page]');
    t.match(await shown.textContent(), new RegExp(`^${link}`));
  }
  await page.goBack();
  await heading('Hosts').waitFor();
  t.equal(
    await page.evaluate(() => document.activeElement?.id),
    'page',
    'Tab goes on from the top of the page',
  );
  t.equal(await page.evaluate(() => 'same' in window), true, 'all in one load');
  for (const [old, now] of [
    ['/#hosts', /\/hosts$/],
    ['/?filter=type%3Alogin#events', /\/events\?filter=type%3Alogin$/],
    ['/?rules=list', /\/rules$/],
  ] as const) {
    await page.goto(api.baseUrl + old);
    await page.waitForURL(now);
  }
  await page.goto(`${api.baseUrl}/hosts/nobody`);
  await page.getByText('There is no host nobody.').waitFor();
  t.same(
    faults.filter((fault) => !/404/.test(fault)),
    [],
  );
});

t.test('by keyboard: go to, palette, help', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const alert = raisedAgo({ ruleTitle: 'Odd download' }, 'download-1', 5);
  addEventOf(api, alert);
  await raise(api, alert);
  const { page, faults } = await signIn(t, api);
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.waitForURL(/\/hosts$/);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Go to' });
  await palette.getByRole('option', { name: /Overview/ }).waitFor();
  await page.keyboard.type('db-pri');
  await palette.getByRole('option', { name: /db-primary\.internal/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/hosts\/h2$/);
  await palette.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('download-1');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/alerts\/download-1$/);
  await page.getByRole('complementary').getByRole('heading', { name: 'Odd download' }).waitFor();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await help.getByText('Acknowledge').waitFor();
  await help.getByText('Go to stories').waitFor();
  await page.keyboard.press('a');
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  t.match(await api.deps.control.alerts.get('download-1'), { status: 'open' }, 'a dialog keeps the keys');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('nothing of the kind');
  await page.getByText('Nothing has that name.').waitFor();
  t.same(faults, []);
});

t.test('times and colours as somebody wants them, kept in this browser', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const at = Date.parse('2026-01-02T20:30:00Z') * 1000;
  await api.deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, at);
  const { page, faults } = await signIn(t, api, { colorScheme: 'light' });
  await page.goto(`${api.baseUrl}/hosts/h1`);
  const enrolled = page.locator(`time[datetime^="2026-01-02T20:30"]`);
  await enrolled.getByText('2026-01-02 21:30:00.000').waitFor();
  const menu = page.getByRole('button', { name: /Account of ada/ });
  await menu.click();
  const zone = page.getByLabel('Times in');
  t.match(await zone.locator('option').first().textContent(), /Europe\/Berlin/);
  await zone.selectOption('utc');
  await enrolled.getByText('2026-01-02 20:30:00.000 UTC').waitFor();
  await zone.selectOption('Asia/Tokyo');
  await enrolled.getByText('2026-01-03 05:30:00.000').waitFor();
  await page.screenshot({ path: join(pictures, 'account-menu.png') });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: 'Dark' }).click();
  t.not(await ground(), light);
  await page.reload();
  await enrolled.getByText('2026-01-03 05:30:00.000').waitFor();
  t.not(await ground(), light, 'still dark');
  await menu.click();
  await page.getByRole('button', { name: 'System' }).click();
  t.equal(await ground(), light);
  await page.emulateMedia({ colorScheme: 'dark' });
  t.not(await ground(), light, 'as the system has it');
  t.same(faults, []);
});

t.test('on a narrow screen the pages are below', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const { page, faults } = await signIn(t, api, { viewport: { width: 390, height: 844 } });
  const bar = page.getByRole('navigation', { name: 'Main pages' });
  await bar.getByRole('link', { name: /^Alerts/ }).click();
  await page.waitForURL(/\/alerts$/);
  await bar.getByRole('button', { name: 'More' }).click();
  await page.screenshot({ path: join(pictures, 'drawer.png') });
  await page.getByRole('dialog', { name: 'All pages' }).getByRole('link', { name: 'Stories' }).click();
  await page.waitForURL(/\/stories$/);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.same(faults, []);
});

t.test('who wants no motion gets none', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await raise(api, raisedAgo({ ruleTitle: 'New' }, 'new', 0));
  const moving = async (reducedMotion: 'reduce' | 'no-preference') => {
    const { page } = await signIn(t, api, { reducedMotion });
    await page.goto(`${api.baseUrl}/alerts`);
    await page.getByText('New', { exact: true }).waitFor();
    const later = raisedAgo({ ruleTitle: `For ${reducedMotion}` }, reducedMotion, 0);
    await raise(api, later);
    const row = page.locator('.grid-row.fresh').filter({ hasText: `For ${reducedMotion}` });
    return await row.evaluate((element) => getComputedStyle(element).animationName);
  };
  t.equal(await moving('reduce'), 'none');
  t.equal(await moving('no-preference'), 'arrive', 'the same row lights up for others');
});

t.test('on a narrow screen the chosen tab is in view', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const { page, faults } = await signIn(t, api, { viewport: { width: 390, height: 844 } });
  for (const [path, name] of [
    ['/settings/audit', 'Audit log'],
    ['/hosts/h1?tab=commands', 'Commands'],
  ] as const) {
    await page.goto(api.baseUrl + path);
    const tab = page.locator('.page-tabs, .settings-nav').locator('[aria-current="page"]');
    await tab.getByText(name).waitFor();
    const box = await tab.boundingBox();
    t.ok(box !== null && box.x >= 0 && box.x + box.width <= 390, `${name} is in view`);
  }
  t.same(faults, []);
});
