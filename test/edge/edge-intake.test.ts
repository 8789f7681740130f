/** Where alerts enter the outbox: with the events behind them or not at all, at once, and counted once. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import { EdgeRules } from '../../agent/edge/edge-rules.ts';
import { rulesOfHost } from '../../agent/edge/host-rules.ts';
import { RunningRules } from '../../agent/edge/running-rules.ts';
import { Intake } from '../../agent/outbox/intake.ts';
import { Outbox } from '../../agent/outbox/outbox.ts';
import { tempFolder } from '../temp.ts';
import { ruleOf, until } from './edge-scene.ts';

const host = '00000000000000aa';
const texts = {
  'rules/word.yml': ruleOf('loud-word', 'a6000000-0000-4000-8000-000000000001'),
  'rules/base.yml': ruleOf('counted-word', 'a6000000-0000-4000-8000-000000000002', 'name: counted\n'),
  'rules/many.yml': `title: Many
id: a6000000-0000-4000-8000-000000000003
correlation:
  type: event_count
  rules: [counted]
  group-by: [host.id]
  timespan: 1h
  condition:
    gte: 3
level: high
`,
};

async function setUp(t: Test, flushMs: number) {
  const outbox = new Outbox({
    ...{ path: join(tempFolder(t), 'outbox.db'), hostId: host, maxBytes: 1 << 30, maxAgeMs: 1e12 },
    ...{ minFreeShare: 0, syncsEach: false },
  });
  const edge = new EdgeRules({ hostId: host, hostName: 'here', product: 'linux' }, (error) => {
    throw error;
  });
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
  edge.use(new RunningRules(await rulesOfHost(files, 'linux'), 'd'.repeat(64), 'linux'));
  const intake = new Intake({
    ...{ outbox, edge, batchEvents: 100, queueEvents: 1000 },
    flushMs: { alert: flushMs, high: flushMs, normal: flushMs },
    onKept: () => undefined,
    onDiskError: () => undefined,
  });
  t.teardown(() => {
    intake.close();
    outbox.close();
  });
  const kept = () =>
    outbox
      .next(1000, () => false)
      .map(({ stream, sequence, data }) => {
        const decoded = decodeBatch(data);
        if (!decoded.ok) throw decoded.error;
        const rows = decoded.value.groups.flatMap(({ events }) =>
          Array.from({ length: events.count }, (_, row) => rowAt(events, row)),
        );
        return { stream, sequence, rows };
      });
  const rows = (type: string) => kept().flatMap((batch) => batch.rows.filter((row) => row.type === type));
  return { outbox, intake, kept, rows };
}

const start = (line: string, n = 0): AnyEvent =>
  ({
    ...{ type: 'process.start', time: nowUs(), 'process.pid': n, 'process.entity_id': `p${n}` },
    ...{ 'process.start': nowUs(), 'process.name': 'x', 'process.command_line': line },
  }) as unknown as AnyEvent;

t.test('what matches does not wait for its batch; what does not, does', async (t) => {
  const { intake, kept, rows } = await setUp(t, 1e9);
  intake.emit(start('quiet', 1));
  intake.emit(start('loud-word', 2));
  await until(() => rows('alert').length === 1, 'the alert');
  const [alerts, events] = kept();
  t.equal(alerts?.rows[0]?.type, 'alert', 'it goes first');
  t.equal(events?.rows.length, 2, 'with it all that waited before');
  t.same(alerts?.rows[0]?.['alert.event_ids'], [`${host}:${events?.stream}:1:1`]);
  intake.emit(start('quiet', 3));
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(rows('process.start').length, 2);
});

t.test('many matches at once make few batches', async (t) => {
  const { intake, kept, rows } = await setUp(t, 1e9);
  for (let n = 0; n < 40; n++) {
    intake.emit(start('loud-word', n));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const hits = () => rows('alert').reduce((sum, alert) => sum + Number(alert['alert.count']), 0);
  await until(() => hits() === 40, 'all hits');
  t.ok(kept().length <= 20, `${kept().length} batches`);
});

t.test('while the disk refuses nothing is kept by halves, and nothing is counted twice', async (t) => {
  const { outbox, intake, rows } = await setUp(t, 5);
  const append = outbox.appendTogether.bind(outbox);
  let refusals = 0;
  outbox.appendTogether = () => {
    refusals++;
    throw new Error('disk full');
  };
  intake.emit(start('counted-word', 1));
  await until(() => refusals > 0, 'a refusal');
  for (let n = 0; n < 5; n++) intake.flush();
  t.ok(refusals >= 5);
  outbox.appendTogether = append;
  intake.flush();
  t.equal(rows('process.start').length, 1);
  t.same(rows('alert'), [], 'one event, however often it was tried');
  for (const n of [2, 3]) intake.emit(start('counted-word', n));
  await until(() => rows('alert').length === 1, 'the third of three');
  t.match(rows('alert'), [{ 'alert.count': 3 }] as unknown as EventRow[]);
});

t.test('a batch and its alerts are kept together or not at all', async (t) => {
  const { outbox, intake, rows } = await setUp(t, 1e9);
  const before = { size: outbox.sizeBytes, events: outbox.events, batches: outbox.batches };
  const blob = {
    data: new Uint8Array(3),
    bodyBytes: 3,
    count: 1,
    counts: { alert: 1 },
    minTime: 1,
    maxTime: 1,
  };
  const broken = { ...blob, data: null as unknown as Uint8Array };
  t.throws(() =>
    outbox.appendTogether([
      { priority: 'high', batch: blob, collected: 1 },
      { priority: 'alert', batch: broken, collected: 1 },
    ]),
  );
  t.same({ size: outbox.sizeBytes, events: outbox.events, batches: outbox.batches }, before);
  t.equal(outbox.nextPlace('high').sequence, 1);
  intake.emit(start('loud-word', 1));
  await until(() => rows('alert').length === 1, 'it works all the same');
  t.equal(outbox.nextPlace('high').sequence, 2);
});
