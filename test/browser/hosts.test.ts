/** Hosts in a real browser: the list, and this very host through a real agent, asked while it runs. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { tempFolder } from '../temp.ts';
import { Server } from '../vedette.ts';
import { addEvents, addHosts, nowUs } from './scene.ts';
import { absent, buildWeb, executablePath, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('hosts are found, sorted and filtered, all in the address', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, faults } = await signIn(t, api);
  await page.getByText('No hosts yet').waitFor();
  await page.goto(`${api.baseUrl}/hosts`);
  await page.getByText('No hosts yet').waitFor();
  await addHosts(api);
  addEvents(api);
  await api.deps.bus.publish('host', (await api.deps.control.hosts.get('h1'))!);
  await page.getByRole('row').filter({ hasText: 'web-1' }).waitFor();
  await page.goto(`${api.baseUrl}/hosts`);
  const names = () => page.locator('.grid-body [role=row] .host-link').allTextContents();
  await page.getByText('ada-laptop').waitFor();
  t.same(await names(), ['ada-laptop', 'db-primary.internal', 'web-1']);
  t.match(await page.getByRole('row').filter({ hasText: 'web-1' }).textContent(), /Online.*5 of 6/s);
  await page.getByRole('columnheader', { name: 'Host' }).getByRole('button').click();
  await page.waitForURL(/sort=-host/);
  t.same(await names(), ['web-1', 'db-primary.internal', 'ada-laptop']);
  await page.getByRole('button', { name: /^Silent/ }).click();
  await page.waitForURL(/state=silent/);
  t.same(await names(), ['ada-laptop']);
  await page.getByRole('button', { name: /^All/ }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('ubuntu');
  await page.waitForURL(/text=ubuntu/);
  t.same(await names(), ['db-primary.internal']);
  await page.reload();
  await page.getByText('db-primary.internal').waitFor();
  t.same(await names(), ['db-primary.internal'], 'a link shows the same');
  await page.getByRole('grid').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/hosts\/h2$/);
  await page.getByRole('heading', { name: 'db-primary.internal' }).waitFor();
  await page.getByText('no right to read packets').waitFor();
  t.same(faults, []);
});

t.test('a host that cannot be asked is told from what is stored', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  addEvents(api);
  await api.deps.control.hosts.seen('h1', nowUs(), false);
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/hosts/h1?tab=processes`);
  const source = page.locator('.live-source');
  await source.getByText('From stored events').waitFor();
  t.match(
    await source.textContent(),
    /, the newest (?:now|.+ ago)\. The host is not connected\..*not to end/s,
  );
  await page.getByRole('grid', { name: 'Processes' }).getByText('ls -la /srv').first().waitFor();
  await page.getByRole('button', { name: 'Connections' }).click();
  await page.waitForURL(/tab=connections/);
  await page.getByRole('grid', { name: 'Connections' }).getByText('151.101.2.132').first().waitFor();
  await page.getByRole('button', { name: 'Logins' }).click();
  await page.getByRole('grid', { name: 'Logins' }).getByText('203.0.113.9').first().waitFor();
  await page.getByRole('button', { name: 'Devices' }).click();
  await page.getByText('Nothing is known').waitFor();
  await page.screenshot({ path: join(pictures, 'host-stored.png') });

  await page.getByRole('button', { name: 'Revoke' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke' });
  await dialog.getByLabel('Why').fill('stolen');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Restore' }).waitFor();
  t.match(await api.deps.control.hosts.get('h1'), { state: 'revoked', stateReason: 'stolen' });
  t.same(faults, []);
});

t.test('this host, asked while it runs', { skip: absent, timeout: 120_000 }, async (t) => {
  const up = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', '--data', tempFolder(t));
  const sleeper = spawn('sleep', ['86397']);
  t.teardown(() => sleeper.kill());
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.setDefaultTimeout(30_000);
  await page.goto(up.addresses.signIn);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const host = page.locator('.freshness li:has(.presence.online) a').first();
  await host.waitFor();
  await page.screenshot({ path: join(pictures, 'overview-live.png') });
  await host.click();
  await page.getByText('Every event accounted for').waitFor();
  await page.screenshot({ path: join(pictures, 'host-live.png'), fullPage: true });
  const source = page.locator('.live-source');
  for (const [tab, words] of [
    ['Processes', 'sleep 86397'],
    ['Connections', new RegExp(`^${new URL(up.addresses.api).port}$`)],
    ['Packages', /./],
    ['Sensors', 'process'],
  ] as const) {
    await page.getByRole('button', { name: tab }).click();
    const panel = page.getByRole('region', { name: tab });
    await source.getByText('Live from the host').waitFor();
    if (typeof words === 'string') await panel.getByRole('searchbox').fill(words);
    await panel.getByRole('grid', { name: tab }).locator('.grid-body').getByText(words).first().waitFor();
    await page.screenshot({ path: join(pictures, `host-live-${tab.toLowerCase()}.png`) });
  }
  await page.getByRole('button', { name: 'Processes' }).click();
  const asked = await source.textContent();
  await page.getByRole('button', { name: 'Ask again' }).click();
  await page.waitForFunction(
    (before) => document.querySelector('.live-source')?.textContent !== before,
    asked,
  );
  await page.getByRole('button', { name: 'Commands' }).click();
  await page.getByRole('button', { name: 'Ask how the agent is' }).click();
  await page.getByRole('row').filter({ hasText: 'agent.status' }).getByText('done').waitFor();
  t.same(faults, []);
});
