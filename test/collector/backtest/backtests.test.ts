/** Backtests that wait their turn, are cancelled, and are compared with a bundle in force. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { BacktestInfo } from '../../../collector/backtest/asking.ts';
import { Backtests, maxKept, maxWaiting } from '../../../collector/backtest/backtests.ts';
import type { RuleSource } from '../../../collector/rules/rule-source.ts';
import { hostOf, StoredEvents, secondUs, startAt } from './stored-events.ts';

const text = (image: string) => `title: Tool
id: 00000000-0000-4000-8000-000000000001
logsource:
  category: process_creation
detection:
  s:
    Image|endswith: ${image}
    CommandLine|expand: '%wanted%'
  condition: s
level: low
`;

const ask = {
  ...{ rules: [{ file: 'mine.yml', text: text('/a') }], pipelines: [], builtIn: [], lists: [], hosts: [] },
  ...{ since: 0, until: 2 ** 51, compare: true, watched: [] },
};

async function over(t: Test) {
  const stored = new StoredEvents(t, 1);
  const events = ['/a', '/b'].map((image, n) => ({
    ...{ type: 'process.start', time: startAt + n * secondUs, 'process.executable': image },
    'process.command_line': 'go',
  }));
  await stored.append([{ hostId: hostOf(0).id, receivedAt: startAt, events }]);
  const audited: string[] = [];
  const inForce: RuleSource = {
    ...{ rulePaths: [], listPaths: [], uses: [] },
    files: new Map([
      ['rules/tool.yml', Buffer.from(text('/b'))],
      ['lists/wanted.txt', Buffer.from('go\n')],
    ]),
  };
  const backtests = new Backtests({
    entry: new URL('../../../collector/backtest.process.ts', import.meta.url),
    ...{ folder: stored.folder, keyFile: '', threads: 1, memoryBytes: 2 ** 31 },
    inForce: async () => inForce,
    hosts: async () => stored.hosts,
    audit: async ({ action, actor }) => void audited.push(`${action} ${actor}`),
  });
  t.teardown(() => backtests.close());
  const ended = async (id: string): Promise<BacktestInfo> => {
    for (;;) {
      const info = backtests.get(id);
      if (info === undefined) throw new Error('it was forgotten');
      if (info.state !== 'waiting' && info.state !== 'running') return info;
      await sleep(50);
    }
  };
  return { stored, backtests, ended, audited };
}

t.test('against a bundle, with its lists; nothing of it stays on the disk', async (t) => {
  const { stored, backtests, ended, audited } = await over(t);
  const { id } = await backtests.start(ask, 'ada');
  const { state, report } = await ended(id);
  t.equal(state, 'done');
  t.match(report, { alerts: 1, difference: { new: 1, gone: 1, same: 0 }, problems: [] });
  t.type(backtests.costOf('00000000-0000-4000-8000-000000000001'), 'number');
  t.same(audited, ['backtest.run ada']);
  const left = join(stored.folder, 'backtest');
  t.same(existsSync(left) ? readdirSync(left) : [], []);
});

t.test('one runs, a few wait, the next is refused; what is cancelled ends', async (t) => {
  const { backtests, ended } = await over(t);
  const first = await backtests.start(ask, 'ada');
  await sleep(0);
  const waiting: BacktestInfo[] = [];
  for (let n = 0; n < maxWaiting; n++) waiting.push(await backtests.start(ask, 'ada'));
  await t.rejects(backtests.start(ask, 'ada'), { code: 'backtest.busy' });
  for (const { id } of [first, ...waiting]) t.ok(backtests.cancel(id));
  for (const { id } of [first, ...waiting]) t.match(await ended(id), { state: 'cancelled', report: null });
  t.notOk(backtests.cancel(first.id), 'it has ended');
  t.notOk(backtests.cancel('none'));
  const after = await ended((await backtests.start(ask, 'ada')).id);
  t.equal(after.state, 'done', 'the turn was given back');
});

t.test('a rule that is refused is told by the name it was given', async (t) => {
  const { backtests, ended } = await over(t);
  const bad = { file: 'bad.yml', text: 'title: broken\ndetection: 1\n' };
  const { report } = await ended((await backtests.start({ ...ask, rules: [...ask.rules, bad] }, 'ada')).id);
  t.match(report?.problems, [{ file: 'bad.yml', severity: 'error' }]);
  const none = await ended((await backtests.start({ ...ask, rules: [bad] }, 'ada')).id);
  t.match(none, { state: 'failed', failure: { code: 'rule.unreadable' } });
  t.ok(maxKept >= backtests.list().length);
});
