/** Hunts that run by themselves, as the page of hunts shows and changes them. */
import { join } from 'node:path';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { axeProblems } from './axe.ts';
import { addHosts, nowUs } from './scene.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

t.test('a hunt is scheduled, its runs are told, and it is unscheduled', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/hunts?hunt=beacons`);
  const panel = page.getByRole('region', { name: 'Run by themselves' });
  await panel.getByText(/^None\./).waitFor();
  await page.getByLabel('$least').fill('12');
  await panel.getByRole('button', { name: 'Schedule this hunt…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Let the hunt run by itself' });
  await dialog.getByText('$least = 12').waitFor();
  await dialog.getByLabel('When').selectOption('Once a day');
  await dialog.getByLabel('At, UTC').fill('06:30');
  await dialog.getByLabel('Rows that it had not found').selectOption('raise an alert, high');
  await page.screenshot({ path: join(pictures, 'hunt-schedule.png') });
  t.same(await axeProblems(page), []);
  await dialog.getByRole('button', { name: 'Schedule' }).click();
  await panel.getByText(/Daily at 06:30 UTC; new rows are an alert, high/).waitFor();
  const { huntSchedules } = api.deps.control;
  t.match(await huntSchedules.get('beacons'), {
    ...{ dailyMinute: 390, everyS: null, level: 'high', spanS: 86_400, parameters: { least: '12' } },
  });

  const { nextAt } = await api.deps.huntSchedules.get('beacons');
  const run = { dueAt: nextAt, startedAt: nowUs() - 9e6 };
  t.ok(await huntSchedules.begin('beacons', run, nextAt + 86_400e6));
  const ended = { ...run, endedAt: nowUs() - 5e6, rows: 2, newRows: 1, isCut: false, error: null };
  await huntSchedules.end('beacons', ended, {
    columns: [
      { name: 'process.name', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
    ],
    rows: [
      ['sshd', 3],
      ['<b>nc</b>\u001b[2J', 9],
    ],
    ...{ fresh: [1], foundAt: nowUs() },
  });
  await page.reload();
  await panel.getByText(/2 rows, 1 new, in 4\.0 s/).waitFor();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await panel.scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(pictures, `hunt-schedules-${width}.png`) });
    t.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    t.same(await axeProblems(page), []);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await panel.getByRole('button', { name: 'Rows' }).click();
  const grid = page.getByRole('region', { name: 'Rows of the last run' });
  await grid.getByText('<b>nc</b>').waitFor();
  t.match(
    await grid.getByRole('row').nth(1).textContent(),
    /^new, open the row<b>nc/,
    'what is new comes first',
  );
  t.equal(await page.locator('dialog b').count(), 0);
  await page.screenshot({ path: join(pictures, 'hunt-scheduled-rows.png') });
  await page.keyboard.press('Escape');

  await panel.getByRole('button', { name: 'Switch off' }).click();
  await panel.getByText('off', { exact: true }).waitFor();
  t.match(await huntSchedules.get('beacons'), { isEnabled: false, parameters: { least: '12' } });
  await huntSchedules.put({ ...(await api.deps.huntSchedules.get('beacons')), isEnabled: true }, 10, {
    at: 1,
    actor: 'ada',
    action: 'hunt-schedule.set',
    target: '',
    detail: {},
  });
  const { nextAt: dueAt } = await api.deps.huntSchedules.get('beacons');
  const failed = { dueAt, startedAt: nowUs() };
  await huntSchedules.begin('beacons', failed, dueAt + 86_400e6);
  const why = { rows: 0, newRows: 0, isCut: false, error: 'hunt.limit: It took too long.' };
  await huntSchedules.end('beacons', { ...failed, endedAt: nowUs(), ...why }, undefined);
  await page.reload();
  await panel.getByText('hunt.limit: It took too long.').waitFor();
  await panel.getByText('failed', { exact: true }).waitFor();
  await panel.getByRole('button', { name: 'Unschedule' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unschedule' }).click();
  await panel.getByText(/^None\./).waitFor();
  t.equal(await huntSchedules.get('beacons'), undefined);
  t.same(faults, []);
});

t.test('who may only read sees what runs, and no way to change it', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const order = {
    everyS: 3600,
    dailyMinute: null,
    spanS: 3600,
    level: null,
    parameters: {},
    isEnabled: true,
  };
  await api.deps.huntSchedules.put({ hunt: 'beacons', ...order }, 'ada');
  const { page, faults } = await signIn(t, api, {}, 'viewer');
  await page.goto(`${api.baseUrl}/hunts?hunt=beacons`);
  const panel = page.getByRole('region', { name: 'Run by themselves' });
  await panel.getByText(/Every hour; new rows are kept/).waitFor();
  t.equal(await panel.getByRole('button').count(), 0);
  t.same(faults, []);
});
