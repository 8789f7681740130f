/** Pages for asking, rules and settings: hostile text, and what roles may do. */
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { write } from './product.ts';
import { addEvent, addHosts, hostileCommand } from './scene.ts';
import { absent, buildWeb, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('what hosts say is text on the page of events, all of it seen', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  addEvent(api, 'process.start', {
    ...{ 'process.pid': 1, 'process.entity_id': 'e', 'process.name': '\u202egnp.exe<b>' },
    'process.command_line': hostileCommand,
  });
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/events`);
  await page.locator('table.events .event-type').first().click();
  const detail = page.getByRole('complementary', { name: 'Event detail' });
  await detail.locator('.event-values').getByText('<img src=x onerror=').first().waitFor();
  t.equal(await page.locator('main img, main script, main b').count(), 0);
  t.equal(await page.evaluate(() => 'owned' in window), false);
  t.notMatch(await page.locator('main').textContent(), /(?!\n)[\p{Cc}\p{Cf}]/u);
  await detail.getByRole('button', { name: 'Only events with this process.name' }).click();
  await page.waitForURL(/filter=/);
  await page.locator('table.events .event-type').first().waitFor();
  t.equal(await page.locator('.filter-problem').count(), 0, 'the filter it makes can be read');
  t.same(faults, []);
});

t.test('who may only read sees no way to change', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, faults } = await signIn(t, api, {}, 'viewer');
  t.equal(await page.getByRole('link', { name: 'Live query' }).count(), 0);
  await page.goto(`${api.baseUrl}/query`);
  await page.getByText('Not for your role').waitFor();
  await page.goto(`${api.baseUrl}/settings/users`);
  await page.getByText('Not for your role').waitFor();
  t.same(await page.getByRole('navigation', { name: 'Settings' }).getByRole('link').allTextContents(), [
    'Account',
    'Storage',
  ]);
  await page.goto(`${api.baseUrl}/rules/rule-1`);
  await page.locator('.cm-content').first().waitFor();
  t.equal(await page.getByRole('button', { name: 'Push…' }).count(), 0);
  await page.goto(`${api.baseUrl}/hunts`);
  await page.locator('.cm-content').first().waitFor();
  t.equal(await page.getByRole('button', { name: 'Save…' }).count(), 0);
  t.same(faults, []);
});

t.test('a browser that is slow loses nothing of what is typed', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, context, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/rules/new`);
  await page.getByText('2 of 2 passed').waitFor();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 20 });
  const lines = Array.from({ length: 12 }, (_, n) => `title ${n} of what is typed at once`);
  for (let round = 0; round < 3; round++) {
    await write(page, 'Rule', '');
    for (const line of lines) await page.keyboard.insertText(`${line}\n`);
  }
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await page.locator('.problems .error').first().waitFor();
  const shown = page.getByRole('textbox', { name: 'Rule', exact: true }).locator('.cm-line');
  t.same(await shown.allTextContents(), [...lines, '']);
  t.same(faults, []);
});
