/** Backtests, statistics and proposals as people ask for them: a collector in a process of its own, and its commands. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { EventRow } from '#shared/schema/columns.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { Server, vedette, vedetteJson } from '../../vedette.ts';
import { hostOf, inLetters, StoredEvents, secondUs } from './stored-events.ts';

const id = '00000000-0000-4000-8000-000000000077';
const rule = (condition = 'image') => `title: Tool of the test
id: ${id}
name: tool
logsource:
  category: process_creation
  product: linux
detection:
  image:
    Image|endswith: /test-tool
  other:
    Image|endswith: /other-tool
  backup:
    User: backup
  condition: ${condition}
tags:
  - attack.execution
  - attack.t1059.004
level: high
`;

const start = Math.floor(Date.now() / 1000 - 3_600) * secondUs;

const event = (second: number, image: string, user: string): EventRow => ({
  ...{ type: 'process.start', time: start + second * secondUs, 'process.executable': image },
  ...{ 'process.entity_id': `${image}${second}`, 'user.name': user },
  'process.parent.executable': `/opt/${inLetters(second)}`,
});

interface Alert {
  readonly id: string;
  readonly ruleId: string;
  readonly count: number;
  readonly verdict: string | null;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Sixty alerts: thirty of the user backup, thirty of eve; half of the events are sealed. */
async function running(t: Test): Promise<string> {
  const stored = new StoredEvents(t, 2);
  for (let n = 0; n < 60; n++) {
    const events = [
      event(n, '/bin/test-tool', n % 2 === 0 ? 'backup' : 'eve'),
      event(n, '/bin/other-tool', 'eve'),
    ];
    const batch = { hostId: hostOf(n % 2).id, receivedAt: start + n * secondUs, events };
    await stored.append([batch]);
    if (n === 30) stored.seal(1, Date.now() * 1000);
  }
  const control = await openControlStore(join(stored.folder, 'control.db'), {
    durable: true,
    onFailedSync: () => undefined,
  });
  for (const { id: host, name } of stored.hosts)
    await control.hosts.add(host, { hostname: name, os: 'linux' }, start);
  await control.close();
  writeFileSync(join(stored.folder, 'rules', 'tool.yml'), rule());
  await Server.start(t, 'collector', '--data', stored.folder, '--port', '0', '--agent-port', '0');
  return stored.folder;
}

async function alertsOf(folder: string, least: number): Promise<readonly Alert[]> {
  for (let tries = 0; tries < 300; tries++) {
    const all = vedetteJson<readonly Alert[]>('alerts', 'list', '--limit', '500', '--data', folder);
    const own = all.filter(({ ruleId }) => ruleId === id);
    if (own.length >= least) return own;
    await sleep(100);
  }
  throw new Error('the alerts did not come');
}

interface Backtest {
  readonly state: string;
  readonly report: {
    readonly alerts: number;
    readonly difference: Readonly<Record<string, number>>;
    readonly outcomes: readonly {
      readonly alerts: number;
      readonly examples: readonly { readonly id: string }[];
    }[];
  };
}

t.test('from a backtest to a filter', async (t) => {
  const folder = await running(t);
  const here = ['--data', folder] as const;
  // What had been sealed before the collector first ran was never detected; the rest was.
  const live = await alertsOf(folder, 59);
  const mine = join(folder, 'mine');
  mkdirSync(mine);
  const file = join(mine, 'tool.yml');
  writeFileSync(file, rule());
  const backtest = (...more: string[]) => vedetteJson<Backtest>('rules', 'backtest', file, ...here, ...more);

  const same = backtest('--since', '1d');
  t.match(same, {
    state: 'done',
    report: { alerts: 60, difference: { new: 0, gone: 0, changed: 0, same: 60 } },
  });
  const ids = new Set(live.map((alert) => alert.id));
  const examples = same.report.outcomes[0]?.examples ?? [];
  t.ok(
    examples.filter((example) => ids.has(example.id)).length >= examples.length - 1,
    'alerts have the ids they have live',
  );
  t.match(backtest('--since', '1m').report, { alerts: 0 }, 'nothing in the last minute');
  t.match(backtest('--host', 'host-1').report, { alerts: 30 });
  writeFileSync(file, rule('image or other'));
  t.match(backtest().report.difference, { new: 60, gone: 0, same: 60 });
  const text = vedette('rules', 'backtest', file, ...here);
  t.match(text.stdout, /120 alerts of 1 rules/);
  t.match(text.stdout, /Against the rules in force: 60 new, 0 gone, 0 changed, 60 the same/);
  t.equal(vedette('rules', 'backtest', file, '--fail-on-alerts', ...here).status, 1);
  const bad = join(mine, 'bad.yml');
  writeFileSync(bad, 'title: nothing\n');
  const refused = vedette('rules', 'backtest', bad, ...here);
  t.equal(refused.status, 1);
  t.match(refused.stderr, 'rule.unreadable');

  const close = (alert: Alert, verdict: string) => vedette('alerts', 'close', alert.id, verdict, ...here);
  const of = (user: string) => live.filter((alert) => alert.event['user.name'] === user);
  for (const alert of of('backup').slice(0, 3)) t.equal(close(alert, '--false').status, 0);
  t.equal(close(of('eve')[0] as Alert, '--true').status, 0);
  t.equal(vedette('alerts', 'close', (live[0] as Alert).id, '--true', '--false', ...here).status, 2);
  const shown = vedetteJson<Alert>('alerts', 'show', (of('eve')[0] as Alert).id, ...here);
  t.equal(shown.verdict, 'true-positive');

  const stats = vedetteJson<readonly Record<string, unknown>[]>('rules', 'stats', '--since', '1d', ...here);
  t.match(
    stats.find((one) => one['id'] === id),
    {
      ...{
        alerts: live.length,
        hosts: 2,
        truePositives: 1,
        falsePositives: 3,
        open: live.length - 4,
        isLoaded: true,
      },
      costNs: Number,
    },
  );
  t.match(vedette('rules', 'stats', ...here).stdout, 'Tool of the test');

  const [suggestion] = vedetteJson<
    readonly {
      readonly id: string;
      readonly proposals: readonly {
        readonly field: string;
        readonly value: string;
        readonly removed: number;
        readonly of: number;
        readonly lost: readonly string[];
        readonly filter: string;
      }[];
    }[]
  >('rules', 'suggest', '--rule', id, '--since', '1d', ...here);
  t.match(suggestion?.proposals[0], { field: 'user.name', value: 'backup', removed: 30, of: 60, lost: [] });
  const lossy = suggestion?.proposals.find(({ field }) => field === 'process.executable');
  t.match(lossy, { removed: 60, lost: [(of('eve')[0] as Alert).id] }, 'what would be lost is named');
  writeFileSync(file, rule());
  writeFileSync(join(mine, 'filter.yml'), suggestion?.proposals[0]?.filter ?? '');
  const after = vedetteJson<Backtest>('rules', 'backtest', mine, '--since', '1d', ...here);
  t.match(after.report, { alerts: 30, difference: { gone: 30 } }, 'the filter does what was said of it');

  const coverage = vedetteJson<{
    techniques: readonly { id: string; alerts: number }[];
    summary: { fired: number };
  }>(...['rules', 'coverage', '--since', '1d', ...here]);
  t.match(
    coverage.techniques.find((one) => one.id === 'T1059.004'),
    { alerts: live.length },
  );
  t.equal(coverage.summary.fired, 1);
});
