/** Groups of hosts: made, changed and removed in the settings, and offered wherever hosts are chosen. */
import { join } from 'node:path';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { axeProblems } from './axe.ts';
import { addHosts } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('a group is made, used, changed and removed', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const { page, faults } = await signIn(t, api);
  const { hostGroups } = api.deps.control;
  await page.goto(`${api.baseUrl}/settings/groups`);
  await page.getByText('No groups yet').waitFor();
  await page.getByRole('button', { name: 'Make a group' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('web');
  await dialog.getByLabel('What its hosts are for').fill('<b>front</b>');
  await dialog.getByLabel('Find hosts').fill('web');
  t.equal(await dialog.getByRole('checkbox').count(), 1, 'the search narrows them');
  await dialog.getByRole('checkbox', { name: 'web-1' }).check();
  await dialog.getByLabel('Find hosts').fill('');
  await page.screenshot({ path: join(pictures, 'settings-group.png') });
  t.same(await axeProblems(page), []);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('<b>front</b>').waitFor();
  t.match(await hostGroups.list(), [{ name: 'web', description: '<b>front</b>', hosts: ['h1'] }]);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: join(pictures, `settings-groups-${width}.png`) });
    t.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    t.same(await axeProblems(page), []);
  }
  await page.setViewportSize({ width: 1280, height: 900 });

  await page.getByRole('button', { name: 'Make a group' }).click();
  await dialog.getByLabel('Name').fill('web');
  await dialog.getByText('There is a group web already').waitFor();
  t.ok(await dialog.getByRole('button', { name: 'Save' }).isDisabled(), 'none is overwritten by a slip');
  await page.keyboard.press('Escape');

  await page.getByRole('link', { name: 'web', exact: true }).click();
  await page.waitForURL(/\/hosts\?group=web/);
  await page.getByRole('link', { name: 'web-1' }).waitFor();
  t.equal(await page.getByRole('link', { name: 'ada-laptop' }).count(), 0);
  await page.screenshot({ path: join(pictures, 'hosts-of-group.png') });
  await page.getByRole('combobox', { name: 'Group' }).selectOption('All groups');
  await page.getByRole('link', { name: 'ada-laptop' }).waitFor();

  await page.goto(`${api.baseUrl}/query`);
  await page.locator('datalist option[value="group:web"]').waitFor({ state: 'attached' });
  await page.goto(`${api.baseUrl}/hosts/h1`);
  await page.getByRole('link', { name: 'web', exact: true }).waitFor();

  await page.goto(`${api.baseUrl}/settings/groups`);
  await page.getByRole('button', { name: 'Change' }).click();
  await dialog.getByRole('checkbox', { name: 'ada-laptop' }).check();
  await dialog.getByRole('checkbox', { name: 'web-1' }).uncheck();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  t.match(await hostGroups.list(), [{ name: 'web', hosts: [(await host('ada-laptop'))?.id] }]);
  await page.getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No groups yet').waitFor();
  t.same(await hostGroups.list(), []);
  t.same(faults, []);

  async function host(name: string) {
    return (await api.deps.control.hosts.list()).find(({ hostname }) => hostname === name);
  }
});
