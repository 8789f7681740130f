import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { maxFrameBytes } from '#shared/protocol/frames.ts';
import { rowAt } from '#shared/schema/columns.ts';
import { Intake } from '../../agent/outbox/intake.ts';
import { Outbox } from '../../agent/outbox/outbox.ts';
import { numbered, numberedHigh } from '../events.ts';
import { tempFolder } from '../temp.ts';

function setUp(
  t: Test,
  options: { batchEvents?: number; queueEvents?: number; flushMs?: number; flushNormalMs?: number } = {},
) {
  const outbox = new Outbox({
    path: join(tempFolder(t), 'outbox.db'),
    maxBytes: 1 << 30,
    maxAgeMs: 1e12,
    minFreeShare: 0,
    syncsEach: false,
  });
  const diskErrors: (Error | undefined)[] = [];
  let kept = 0;
  const intake = new Intake({
    outbox,
    batchEvents: options.batchEvents ?? 10,
    flushMs: {
      alert: 10,
      high: options.flushMs ?? 20,
      normal: options.flushNormalMs ?? options.flushMs ?? 20,
    },
    queueEvents: options.queueEvents ?? 100,
    onKept: () => {
      kept++;
    },
    onDiskError: (error) => diskErrors.push(error),
  });
  return { outbox, intake, diskErrors, kept: () => kept };
}

function rowsIn(outbox: Outbox) {
  return outbox
    .next(1000, 0, () => false)
    .flatMap(({ data }) => {
      const decoded = decodeBatch(data);
      if (!decoded.ok) throw decoded.error;
      return decoded.value.groups.flatMap(({ events }) =>
        Array.from({ length: events.count }, (_, i) => rowAt(events, i)),
      );
    });
}

t.test('batches close when full, or after a while', async (t) => {
  const { outbox, intake, kept } = setUp(t);
  for (let n = 0; n < 25; n++) intake.emit(numbered(n));
  t.equal(outbox.events, 20);
  t.equal(kept(), 2);
  while (outbox.events < 25) await sleep(5);
  intake.emit(numberedHigh(25));
  intake.close();
  t.equal(outbox.events, 26);
  t.equal(outbox.next(1, 0, () => false)[0]?.collected, 1, 'the high lane goes first');
  outbox.close();
});

t.test('a lane closes after its own time and leaves the other open; a full one likewise', async (t) => {
  const { outbox, intake } = setUp(t, { batchEvents: 3, flushMs: 5, flushNormalMs: 600_000 });
  intake.emit(numbered(0));
  intake.emit(numberedHigh(1));
  while (outbox.events < 1) await sleep(5);
  t.equal(outbox.events, 1, 'the one that may wait still does');
  intake.emit(numberedHigh(2));
  intake.emit(numbered(3));
  intake.emit(numbered(4));
  t.equal(outbox.events, 4, 'the normal lane was full, the high one not yet due');
  while (outbox.events < 5) await sleep(5);
  intake.emit(numbered(5));
  intake.close();
  t.equal(outbox.events, 6);
  t.equal(rowsIn(outbox).length, 6);
  outbox.close();
});

t.test('an event that breaks its declaration is counted as lost, not kept, and never thrown', async (t) => {
  const { outbox, intake } = setUp(t);
  intake.emit({ type: 'package.state', time: 1 } as unknown as AnyEvent);
  intake.emit({ type: 'no.such', time: 1 } as unknown as AnyEvent);
  intake.emit(numbered(1));
  intake.close();
  const rows = rowsIn(outbox);
  const losses = rows.filter((r) => r.type === 'loss');
  t.equal(losses.length, 1);
  t.match(losses[0], { 'loss.reason': 'invalid', 'loss.count': 2 });
  t.strictSame([...(losses[0]!['loss.types'] as string[])].sort(), ['no.such=1', 'package.state=1']);
  t.equal(outbox.next(1, 0, () => false)[0]?.collected, 3);
  outbox.close();
});

t.test('a queue smaller than a batch loses nothing while the outbox takes events', async (t) => {
  const { outbox, intake } = setUp(t, { batchEvents: 50, queueEvents: 10, flushMs: 10_000 });
  for (let n = 0; n < 35; n++) intake.emit(numbered(n));
  intake.close();
  t.equal(outbox.events, 35);
  t.equal(rowsIn(outbox).length, 35);
  outbox.close();
});

t.test('over-long text is cut and named', async (t) => {
  const { outbox, intake } = setUp(t);
  intake.emit({ type: 'package.state', time: 1, 'package.name': 'x'.repeat(5000), 'package.type': 'test' });
  intake.close();
  const [row] = rowsIn(outbox);
  t.equal((row!['package.name'] as string).length, 256);
  t.strictSame(row?.['event.truncated'], ['package.name']);
  outbox.close();
});

t.test('while the outbox refuses, events wait up to a bound; the rest is declared', async (t) => {
  const { outbox, intake, diskErrors } = setUp(t, { queueEvents: 30, flushMs: 5 });
  const append = outbox.appendTogether.bind(outbox);
  // The disk itself cannot be filled here without root; the refusal is that of SQLite, raised where it would be.
  outbox.appendTogether = () => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  for (let n = 0; n < 50; n++) intake.emit(numbered(n));
  await sleep(20);
  t.equal(diskErrors.length, 1, 'told once');
  outbox.appendTogether = append;
  intake.flush();
  t.equal(diskErrors.at(-1), undefined, 'told that it works again');
  intake.close();
  const rows = rowsIn(outbox);
  const lost = rows.filter((r) => r.type === 'loss').reduce((n, r) => n + Number(r['loss.count']), 0);
  t.equal(lost, 20);
  t.equal(rows.filter((r) => r.type === 'package.state').length, 30);
  t.equal(outbox.next(100, 0, () => false).at(-1)?.collected, 50);
  outbox.close();
});

t.test("a sensor's own loss counts for the events it stands for", async (t) => {
  const { outbox, intake } = setUp(t);
  intake.emit({ type: 'loss', time: 1, 'loss.count': 9, 'loss.reason': 'sensor-overrun' });
  intake.close();
  t.equal(outbox.next(1, 0, () => false)[0]?.collected, 9);
  t.equal(outbox.events, 0);
  outbox.close();
});

t.test('events too large for one frame together go into several batches, each once', async (t) => {
  const { outbox, intake } = setUp(t, { batchEvents: 500, queueEvents: 1000, flushMs: 10_000 });
  const noise = (n: number) => randomBytes(12_000).toString('base64').slice(0, 16_000) + n;
  for (let n = 0; n < 400; n++) {
    intake.emit({
      type: 'process.start',
      time: n,
      'process.pid': n,
      'process.entity_id': `e${n}`,
      'process.start': n,
      'process.name': 'noise',
      'process.command_line': noise(n),
    });
  }
  intake.close();
  const batches = outbox.next(1000, 0, () => false);
  t.ok(batches.length > 1);
  t.ok(batches.every(({ data }) => data.length <= maxFrameBytes / 2));
  t.equal(batches.at(-1)?.collected, 400);
  t.strictSame(
    rowsIn(outbox).map((row) => row['process.pid']),
    Array.from({ length: 400 }, (_, n) => n),
  );
  outbox.close();
});
