/** Alerts that the host raises itself: at once, first, once, and counted once. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { rowAt } from '#shared/schema/columns.ts';
import { noKernelEvents } from '../agent/sensors/kernel-host.ts';
import { startTestCollector } from '../collector/start.ts';
import { act, alertsIn, bundleStateIn, offerOf, openScene, ruleOf, runAgent, until } from './edge-scene.ts';

const single = 'a1000000-0000-4000-8000-000000000001';
const counted = 'a1000000-0000-4000-8000-000000000002';
const many = 'a1000000-0000-4000-8000-000000000003';
const correlation = `title: Many words
id: ${many}
status: test
correlation:
  type: event_count
  rules: [counted_word]
  group-by: [host.id]
  timespan: 10m
  condition:
    gte: 3
level: high
`;
const rules = {
  'rules/single.yml': ruleOf('edge-single-act', single),
  'rules/counted.yml': ruleOf('edge-counted-act', counted, 'name: counted_word\n'),
  'rules/many.yml': correlation,
};

interface Kept {
  readonly rank: number;
  readonly data: Buffer;
}

/** Events that wait in the outbox of the agent, in the order in which they will be sent. */
function waiting(agentFolder: string) {
  const db = new Database(join(agentFolder, 'outbox.db'), { readonly: true });
  const rows = db.prepare('SELECT rank, data FROM batch ORDER BY rank, id').all() as Kept[];
  db.close();
  return rows.flatMap(({ data }) => {
    const decoded = decodeBatch(data);
    if (!decoded.ok) throw decoded.error;
    return decoded.value.groups.flatMap(({ events }) =>
      Array.from({ length: events.count }, (_, row) => rowAt(events, row)),
    );
  });
}

interface Arrived {
  readonly id: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Batches in the journal after one, in the order in which they arrived. */
function arrivedAfter(folder: string, id: number): Arrived[] {
  const db = new Database(join(folder, 'journal.db'), { readonly: true });
  const rows = db.prepare('SELECT id, counts FROM batch WHERE id > ? ORDER BY id').all(id);
  db.close();
  return (rows as { id: number; counts: string }[]).map((row) => ({
    id: row.id,
    counts: JSON.parse(row.counts),
  }));
}

t.test(
  'with the collector away an alert is raised at once, arrives first, and is one',
  { skip: noKernelEvents },
  async (t) => {
    const scene = await openScene(t, rules);
    const { site, hostId, agentFolder } = scene;
    let agent = await runAgent(t, scene.data);
    const offer = offerOf(rules, 1);
    site.collector.desiredBundles.setForAll(offer);
    await until(() => bundleStateIn(site.folder, hostId)?.digest === offer.digest, 'the bundle is in force');

    await act('edge-single-act one');
    await until(
      () => alertsIn(site.folder, single).some((a) => a.central_count === 1 && a.edge_count === 1),
      'both',
    );
    t.match(alertsIn(site.folder, single), [{ count: 1 }], 'what both saw is one alert, counted once');
    t.equal(alertsIn(site.folder, single).length, 1);

    const port = Number(site.collector.agents.split(':').at(-1));
    await site.collector.close();
    const before = arrivedAfter(site.folder, 0).at(-1)?.id ?? 0;
    await act('edge-single-act two');
    for (let n = 0; n < 4; n++) await act('edge-counted-act');
    // What is only in memory dies with a killed agent: what is asked for later has to lie in the outbox.
    const raised = await until(() => {
      const kept = waiting(agentFolder);
      const seen = (word: string) =>
        kept.filter((e) => e.type === 'process.start' && String(e['process.command_line']).endsWith(word))
          .length;
      const alerts = kept.filter((e) => e.type === 'alert');
      const counts = alerts.filter((e) => e['rule.id'] === many).map((e) => Number(e['alert.count']));
      const whole = seen('edge-single-act two') === 1 && seen('edge-counted-act') === 4;
      return whole && counts.reduce((sum, n) => sum + n, 0) === 4 ? alerts : undefined;
    }, 'alerts and their evidence in the outbox');
    const first = raised.findLast((e) => e['rule.id'] === single)!;
    const event = JSON.parse(String(first['alert.event'])) as { time: number };
    t.comment(`alert ${((first.time - event.time) / 1000).toFixed(1)} ms after the exec`);
    t.equal(waiting(agentFolder)[0]?.type, 'alert', 'alerts go first');
    t.match(first, { 'rule.ruleset': offer.digest, 'alert.count': 1 });
    const [evidence] = first['alert.event_ids'] as string[];
    t.ok(evidence?.startsWith(`${hostId}:`));

    // Neither side remembers by heart.
    await agent.kill('SIGKILL');
    agent = await runAgent(t, scene.data);
    const again = await startTestCollector(t, site.folder, { agentPort: port });
    again.collector.desiredBundles.setForAll(offer);
    await until(
      () => alertsIn(site.folder, single).filter((a) => a.central_count === 1).length === 2,
      'detected',
    );
    const alerts = alertsIn(site.folder, single);
    t.equal(alerts.length, 2, 'one of each act');
    t.same(
      alerts.map((a) => [a.count, a.edge_count, a.central_count]),
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
    );
    t.same(JSON.parse(alerts[1]!.event_ids), [evidence], 'the evidence is the same events');
    const correlated = await until(() => {
      const [alert] = alertsIn(site.folder, many);
      return alert?.central_count === 4 && alert.edge_count === 4 ? alert : undefined;
    }, 'the correlation of both sides');
    t.equal(correlated.count, 4);
    t.equal(alertsIn(site.folder, many).length, 1, 'a correlation is one alert too');
    t.equal(JSON.parse(correlated.event_ids).length, 4);
    t.equal(
      alertsIn(site.folder, counted).length,
      0,
      'a rule that only serves a correlation is silent on the host',
    );

    const arrived = arrivedAfter(site.folder, before);
    const firstAlert = arrived.findIndex(({ counts }) => counts['alert'] !== undefined);
    const firstOther = arrived.findIndex(({ counts }) => counts['process.start'] !== undefined);
    t.ok(firstAlert >= 0 && firstAlert < firstOther, 'alerts arrived before any of the events');
    await agent.kill('SIGTERM');
  },
);

t.test(
  'settings of sensors in a bundle make the sensors anew, and rules go on seeing',
  { skip: noKernelEvents },
  async (t) => {
    const scene = await openScene(t);
    const { site, hostId } = scene;
    const agent = await runAgent(t, scene.data);
    const starts = () => agent.log().split('"what":"sensor","name":"process"').length - 1;
    const first = offerOf(rules, 1);
    site.collector.desiredBundles.setForAll(first);
    await until(() => bundleStateIn(site.folder, hostId)?.digest === first.digest, 'the first is in force');
    t.equal(starts(), 1, 'without settings they are left alone');
    const second = offerOf({ ...rules, 'settings/sensors.json': '{"processIntervalMs":5000}' }, 2);
    site.collector.desiredBundles.setForAll(second);
    await until(() => bundleStateIn(site.folder, hostId)?.digest === second.digest, 'the second is in force');
    await until(() => starts() === 2, 'sensors started anew');
    await act('edge-single-act three');
    await until(() => alertsIn(site.folder, single).length === 1, 'an alert');
    await agent.kill('SIGTERM');
  },
);
