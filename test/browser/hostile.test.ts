/** What hosts say is hostile; dialogs are as sound as the pages they stand on. */
import { join } from 'node:path';
import t from 'tap';
import type { NewAlert } from '../../collector/store/contract.ts';
import { startApi } from '../collector/api/start.ts';
import { axeProblems } from './axe.ts';
import { startDay } from './desk-pages.ts';
import { addEventOf, hostileCommand, raise, raisedAgo, relate } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('dialogs are as sound as pages', { skip: absent }, async (t) => {
  const api = await startDay(t);
  const { page, faults } = await signIn(t, api);
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Go to alerts').waitFor();
  await page.screenshot({ path: join(pictures, 'keyboard.png') });
  t.same(await axeProblems(page), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('web');
  await page.getByRole('option', { name: /web-1/ }).first().waitFor();
  await page.screenshot({ path: join(pictures, 'palette.png') });
  t.same(await axeProblems(page), []);
  await page.goto(`${api.baseUrl}/alerts/a-shell`);
  await page.getByRole('button', { name: 'Exception…' }).click();
  await page.getByText('In the last 30 days it would have hidden').waitFor();
  await page.screenshot({ path: join(pictures, 'exception.png') });
  t.same(await axeProblems(page), []);
  await page.goto(`${api.baseUrl}/alerts`);
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  t.same(await axeProblems(page), []);
  t.same(faults, []);
});

t.test('what hosts say is text on every page, all of it seen', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const hostname = '<b>bold</b>\u202ehost';
  await api.deps.control.hosts.add('h9', { hostname, os: '<i>os</i>', kernel: hostileCommand }, 1);
  await api.deps.control.hosts.seen('h9', Date.now() * 1000, true);
  const base = raisedAgo({}, 'odd', 5);
  const event = {
    ...base.event,
    'process.name': hostileCommand,
    'process.command_line': hostileCommand,
    'user.name': '\u0000root\u200b',
  };
  const odd: NewAlert = {
    ...base,
    ...{
      event,
      hostId: 'h9',
      hostName: hostname,
      ruleTitle: `Odd ${hostileCommand}`,
      reason: hostileCommand,
    },
    tags: ['<u>tag</u>', 'attack.t1059.004'],
    response: hostileCommand,
    entity: { 'process.name': hostileCommand },
    matches: [{ selection: '<s>', value: hostileCommand, test: hostileCommand }],
    seen: { 'process.command_line': [[hostileCommand, 2]] },
  };
  addEventOf(api, odd);
  api.events.events.push({
    ...{ id: 'h9:s:2:0', hostId: 'h9', hostName: hostname },
    event: {
      type: 'host.health',
      time: Date.now() * 1000,
      'agent.sensors': [`dns=failed (${hostileCommand})`],
    },
  } as never);
  await raise(api, odd);
  await raise(api, raisedAgo({ hostId: 'h9', hostName: hostname, ruleTitle: 'Twin' }, 'twin', 3));
  await relate(api, 'odd', 'twin');
  await api.deps.control.alerts.setStatus('twin', 'closed', '<a>ada</a>', hostileCommand, Date.now() * 1000);
  const { page, faults } = await signIn(t, api);
  const story = (await api.deps.control.alerts.get('odd'))?.storyId ?? '';
  const paths = [
    ...['/', '/alerts', '/alerts/odd', '/alerts/twin', '/hosts', '/hosts/h9', '/hosts/h9?tab=processes'],
    ...[
      '/stories',
      `/stories/${story}`,
      '/tree?alert=odd',
      `/alerts?status=all&text=${encodeURIComponent('<img')}`,
    ],
    `/alerts?user=${encodeURIComponent(hostileCommand)}`,
  ];
  for (const path of paths) {
    await page.goto(api.baseUrl + path);
    await page.locator('main h1').first().waitFor();
    await page.waitForLoadState('networkidle');
    t.equal(await page.evaluate(() => 'owned' in window), false, path);
    t.equal(await page.locator('main :is(img, script, b, i, u, s, iframe)').count(), 0, path);
    const text = (await page.locator('main').textContent()) ?? '';
    t.notMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u, path);
    t.notMatch(await page.title(), /[\p{Cc}\p{Cf}]/u, path);
  }
  await page.goto(`${api.baseUrl}/alerts/odd`);
  const detail = page.getByRole('complementary', { name: 'Alert detail' });
  await detail.getByText('Raw JSON').click();
  const command = (await detail.locator('.commands').textContent()) ?? '';
  t.match(command, /<img src=x onerror=/);
  t.match(command, /ESC\[31mrm -rf \/ESC\[0m U\+202E/);
  t.match(command, /U\+200D/);
  await page.screenshot({ path: join(pictures, 'hostile.png') });
  t.same(faults, []);
});
