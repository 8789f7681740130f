/** Parts of what is stored: a time, a host, files that are damaged; and what would change against the rules in force. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { EventRow } from '#shared/schema/columns.ts';
import { runBacktest } from '../../../collector/backtest/run.ts';
import { loadRules } from '../../../collector/rules/load.ts';
import { hostOf, inLetters, StoredEvents, secondUs, startAt } from './stored-events.ts';

const threadEntry = new URL('../../../collector/backtest.worker.ts', import.meta.url);
const quiet = () => undefined;

const rule = (id: number, image: string, more = '') =>
  `title: ${image}\nid: 00000000-0000-4000-8000-00000000000${id}\nname: r${id}\nlogsource:\n  category: process_creation\ndetection:\n  s:\n    Image|endswith: ${image}\n${more || '  condition: s\n'}level: low\n`;
const burst =
  'title: Burst\nid: 00000000-0000-4000-8000-000000000009\ncorrelation:\n  type: event_count\n  rules: [r1]\n  generate: true\n  group-by: [host.id]\n  timespan: 1m\n  condition:\n    gte: 3\nlevel: high\n';

const start = (second: number, image: string): EventRow => ({
  ...{ type: 'process.start', time: startAt + second * secondUs, 'process.executable': image },
  ...{ 'process.command_line': `${image} ${inLetters(second)}`, 'process.entity_id': `${image}${second}` },
});

/** One program every ten seconds for ten minutes on two hosts, another one now and then. */
async function filled(t: Test): Promise<StoredEvents> {
  const stored = new StoredEvents(t, 4);
  for (let n = 0; n < 60; n++)
    for (const host of [0, 1]) {
      const events = [start(n * 10, '/bin/a'), ...(n % 10 === 0 ? [start(n * 10 + 1, '/bin/b')] : [])];
      await stored.append([
        { hostId: hostOf(host).id, receivedAt: startAt + n * 10 * secondUs + host, events },
      ]);
    }
  stored.seal();
  return stored;
}

t.test('a range begins with the state that correlations had', async (t) => {
  const stored = await filled(t);
  const source = stored.rules([rule(1, '/a'), burst].join('---\n'));
  const { ruleSet } = await loadRules(source.rulePaths);
  const since = startAt + 200 * secondUs;
  const until = startAt + 400 * secondUs;
  const { candidate, report } = await runBacktest(stored.order(source, { since, until }), threadEntry, quiet);
  const live = await stored.live(ruleSet);
  for (const { id, ruleId, firstEventAt } of candidate.tally.alerts.values()) {
    t.ok(live.has(id), `${ruleId} has the id it had live`);
    t.ok(firstEventAt >= since - 60 * secondUs && firstEventAt <= until);
  }
  const single = report.outcomes.find(({ title }) => title === '/a');
  t.match(single, { alerts: 42, events: 42 }, 'every ten seconds of both hosts, both ends included');
  const bursts = report.outcomes.find(({ title }) => title === 'Burst');
  t.ok((bursts?.alerts ?? 0) >= 2, 'episodes that had begun before go on');
});

t.test('hosts by id; days, hosts, values and examples', async (t) => {
  const stored = await filled(t);
  const source = stored.rules(rule(1, '/b'));
  const hostIds = [hostOf(1).id];
  const { report } = await runBacktest(stored.order(source, { hostIds }), threadEntry, quiet);
  const [outcome] = report.outcomes;
  t.match(outcome, {
    alerts: 6,
    hostCount: 1,
    hosts: [{ id: hostOf(1).id, name: 'host-1', alerts: 6 }],
    values: [{ field: 'process.executable', value: '/bin/b', alerts: 6 }],
    days: [{ day: '2026-11-01', alerts: 6 }],
  });
  t.equal(outcome?.examples.length, 5);
  t.match(outcome?.examples[0], {
    hostName: 'host-1',
    reason: /somebody ran \/bin\/b a?.*its program ends with/,
  });
  t.ok((outcome?.costNs ?? 0) > 0);
});

t.test('what a change of a rule would change', async (t) => {
  const stored = await filled(t);
  const inForce = stored.rules([rule(1, '/a'), rule(2, '/b')].join('---\n'), 'in-force');
  const narrower = `  f:\n    CommandLine|endswith: ' ${inLetters(10)}'\n  condition: s and not f\n`;
  const candidate = stored.rules([rule(1, '/a', narrower), rule(3, '/b')].join('---\n'));
  const { report } = await runBacktest(stored.order(candidate, { inForce }), threadEntry, quiet);
  const of = (id: number) => report.outcomes.find((o) => o.id.endsWith(String(id)))?.difference;
  t.same(of(1), { new: 0, gone: 2, changed: 0, same: 118 });
  t.same(of(3), { new: 12, gone: 0, changed: 0, same: 0 }, 'a rule that nobody had');
  t.same(
    report.difference,
    { new: 12, gone: 2, changed: 0, same: 118 },
    'rules that stay as they are do not count',
  );
});

t.test('row groups that no value can match in are not read; damaged files are told', async (t) => {
  const stored = await filled(t);
  const none = stored.rules(rule(1, '/none'));
  const { report } = await runBacktest(stored.order(none), threadEntry, quiet);
  t.match(report, { alerts: 0, rowGroups: { all: 1, passedOver: 1 }, damaged: 0 });
  t.ok(report.events.read < report.events.stored);
  const segments = join(stored.folder, 'segments');
  const [file = ''] = readdirSync(segments, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.parquet'));
  writeFileSync(join(segments, file), 'PAR1 and nothing else');
  const after = await runBacktest(stored.order(none), threadEntry, quiet);
  t.match(after.report, { alerts: 0, rowGroups: { all: 0 }, damaged: 1 });
});

t.test('a backtest without a rule, or beyond its memory, is refused with a code', async (t) => {
  const stored = await filled(t);
  const bad = stored.rules('title: nothing\n', 'bad');
  await t.rejects(runBacktest(stored.order(bad), threadEntry, quiet), { code: 'rule.unreadable' });
  const source = stored.rules(rule(1, '/a'));
  await t.rejects(runBacktest(stored.order(source, { memoryBytes: 32 * 2 ** 20 }), threadEntry, quiet), {
    code: 'backtest.limit',
  });
});
