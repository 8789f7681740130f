/** Stories in a real browser: found, told in order, their processes walked by keys, large trees loaded in steps. */
import { join } from 'node:path';
import t from 'tap';
import type { FrozenProcess } from '../../collector/store/contract.ts';
import { startApi } from '../collector/api/start.ts';
import { addEvent, addEventOf, addHosts, nowUs, raise, raisedAgo, relate } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

const process = (pid: number, depth: number, commandLine: string, over: Partial<FrozenProcess> = {}) => ({
  ...{
    entityId: `p${pid}`,
    pid,
    name: commandLine.split(' ')[0] ?? '',
    user: 'www-data',
    commandLine,
    depth,
  },
  ...{ startedAt: nowUs() - 60_000_000 + pid, relation: 'ancestor' as const, ...over },
});

t.test('a story from its first alert to its last', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const first = raisedAgo(
    { ruleTitle: 'The way in', tags: ['attack.initial-access'], level: 'low' },
    'in',
    900,
  );
  const then = raisedAgo({ ruleTitle: 'A shell', tags: ['attack.execution'] }, 'shell', 300);
  const last = raisedAgo(
    { ruleTitle: 'Data leaves', tags: ['attack.exfiltration'], level: 'critical' },
    'out',
    290,
  );
  const alone = raisedAgo(
    { ruleTitle: 'On its own', hostId: 'h2', hostName: 'db-primary.internal' },
    'alone',
    50,
  );
  for (const alert of [first, then, last, alone]) addEventOf(api, alert);
  await raise(api, last, first, then, alone);
  await relate(api, 'shell', 'out');
  await relate(api, 'in', 'shell');
  await relate(api, 'alone');
  await api.deps.control.stories.freeze('shell', {
    ...{ at: nowUs(), leftOut: 0 },
    processes: [
      process(1, 0, '/sbin/init'),
      process(71, 1, 'nginx: worker'),
      process(42, 2, 'bash -i', { relation: 'subject' }),
    ],
  });
  const { page, faults } = await signIn(t, api);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  const rows = page.locator('.grid-body [role=row]');
  await rows.first().waitFor();
  t.equal(await rows.count(), 1, 'of several alerts');
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.waitForFunction(() => document.querySelectorAll('.grid-body [role=row]').length === 2);
  await page.getByRole('searchbox', { name: 'Search stories' }).fill('exfiltration');
  await page.waitForFunction(() => document.querySelectorAll('.grid-body [role=row]').length === 1);
  await page.getByRole('grid').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/stories\/in$/);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  t.same(await page.locator('.story-head .tactics li').allTextContents(), [
    ...['Initial access', 'Execution', 'Exfiltration'],
  ]);
  t.same(await page.locator('.story-what > a').allTextContents(), ['The way in', 'A shell', 'Data leaves']);
  t.match(await page.locator('.story-gap').allTextContents(), ['10 min later'], 'short pauses are not told');
  const items = page.getByRole('treeitem');
  t.equal(await items.count(), 3);
  await items.first().focus();
  await page.keyboard.press('End');
  const current = page.locator('[role=treeitem][aria-selected=true]');
  t.match(await current.textContent(), /bash -i.*High/s);
  await page.keyboard.press('ArrowUp');
  t.match(await current.textContent(), /nginx/);
  await page.screenshot({ path: join(pictures, 'story-told.png'), fullPage: true });
  await page.goto(`${api.baseUrl}/stories/shell`);
  await page.waitForURL(/\/stories\/in$/);
  t.pass('an id it once had leads to it');
  await page.getByRole('link', { name: 'Its alerts in the queue' }).click();
  await page.waitForURL(/story=in/);
  await page.waitForFunction(() => document.querySelectorAll('.grid-body [role=row]').length === 3);
  t.same(faults, []);
});

t.test('a large tree is loaded in two steps', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const alert = raisedAgo({ ruleTitle: 'Many children' }, 'many', 60);
  addEventOf(api, alert);
  for (let i = 0; i < 350; i++) {
    addEvent(api, 'process.start', {
      ...{ time: alert.event.time + 1000 + i, 'process.pid': 5000 + i, 'process.entity_id': `c${i}` },
      ...{ 'process.parent.entity_id': i < 300 ? 'p42' : `c${i - 1}`, 'process.name': `child-${i}` },
    });
  }
  await raise(api, alert);
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/tree?alert=many`);
  const items = page.getByRole('treeitem');
  await items.first().waitFor();
  t.ok((await items.count()) <= 202, 'the usual bound');
  await page.getByText(/Left out for the bounds: .*processes/).waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.waitForFunction(() => document.querySelectorAll('[role=treeitem]').length > 345);
  await items.first().focus();
  await page.keyboard.press('End');
  const deepest = page.locator('[role=treeitem][aria-selected=true]');
  t.match(await deepest.textContent(), /child-349/);
  t.ok(Number(await deepest.getAttribute('aria-level')) > 50, 'however deep');
  await page.screenshot({ path: join(pictures, 'tree-deep.png') });
  t.same(faults, []);
});
