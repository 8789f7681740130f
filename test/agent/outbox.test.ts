import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { maxMarks } from '#shared/protocol/frames.ts';
import { rowAt } from '#shared/schema/columns.ts';
import { type Damage, Outbox, type OutboxOptions } from '../../agent/outbox/outbox.ts';
import { batchOf, numbered, numberedHigh } from '../events.ts';
import { tempFolder } from '../temp.ts';

const none = () => false;

function open(t: Test, options: Partial<OutboxOptions> = {}): Outbox {
  const path = options.path ?? join(tempFolder(t), 'outbox.db');
  const usual = { maxBytes: 1 << 30, maxAgeMs: 1e12, minFreeShare: 0, syncsEach: false };
  return new Outbox({ ...usual, ...options, path });
}

function rowsOf(data: Uint8Array) {
  const decoded = decodeBatch(data);
  if (!decoded.ok) throw decoded.error;
  return decoded.value.groups.flatMap(({ events }) =>
    Array.from({ length: events.count }, (_, i) => rowAt(events, i)),
  );
}

t.test('keeps batches until they are acknowledged, high priority first', async (t) => {
  const outbox = open(t);
  outbox.append('normal', batchOf(numbered(1)), 1);
  outbox.append('normal', batchOf(numbered(2), numbered(3)), 2);
  outbox.append('high', batchOf(numberedHigh(4)), 1);
  const [first, second, third] = outbox.next(8, none);
  t.match(first, { sequence: 1, collected: 1 });
  t.equal(rowsOf(first!.data)[0]?.['user.name'], 'n4');
  t.match(second, { sequence: 1, collected: 1 });
  t.match(third, { sequence: 2, collected: 3, stream: second!.stream });
  t.not(first!.stream, second!.stream);
  t.equal(outbox.events, 4);
  outbox.acknowledge(second!.stream, 1);
  t.equal(outbox.events, 3);
  t.equal(outbox.next(8, (s, q) => s === first!.stream && q === 1).length, 1);
  outbox.acknowledge(second!.stream, 2);
  outbox.acknowledge(first!.stream, 1);
  t.equal(outbox.sizeBytes, 0);
  t.equal(outbox.events, 0);
  outbox.close();
});

t.test('what is unacknowledged outlives the process, under its own stream', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const before = open(t, { path });
  before.append('normal', batchOf(numbered(1)), 1);
  const [kept] = before.next(1, none);
  before.close();
  const after = open(t, { path });
  t.equal(after.events, 1);
  after.append('normal', batchOf(numbered(2)), 1);
  const [old, fresh] = after.next(8, none);
  t.equal(old?.stream, kept?.stream);
  t.match(fresh, { sequence: 1, collected: 1 });
  t.not(fresh?.stream, old?.stream);
  after.close();
});

t.test('sheds the oldest of least priority and declares exactly what is gone', async (t) => {
  const outbox = open(t, { maxBytes: 6000 });
  for (let n = 0; n < 40; n++) {
    outbox.append('normal', batchOf(...Array.from({ length: 50 }, (_, i) => numbered(n * 50 + i))), 50);
  }
  outbox.append('high', batchOf(numberedHigh(1)), 1);
  const [, firstNormal] = outbox.next(2, none);
  const sent = (stream: string, sequence: number) => stream === firstNormal?.stream && sequence === 1;
  const lost = outbox.shed(sent);
  t.ok(lost > 0);
  t.ok(outbox.sizeBytes <= 6000);
  const all = outbox.next(100, none);
  t.equal(all.length, 41, 'every sequence is still there');
  const rows = all.flatMap((b) => rowsOf(b.data));
  const declared = rows.filter((r) => r.type === 'loss');
  const sum = declared.reduce((n, r) => n + Number(r['loss.count']), 0);
  t.equal(sum, lost);
  t.equal(sum + rows.filter((r) => r.type !== 'loss').length, 2001);
  t.ok(declared.every((r) => r['loss.reason'] === 'outbox-full'));
  t.strictSame(declared[0]?.['loss.types'], ['package.state=50']);
  t.equal(rowsOf(all[1]!.data)[0]?.type, 'package.state', 'what is on its way is left alone');
  t.equal(all[0]!.collected, 1);
  t.equal(all.at(-1)!.collected, 2000, 'the count of collected events stays');
  t.equal(outbox.events, 2001 - lost);
  outbox.close();
});

t.test('sheds what is older than its bound', async (t) => {
  const outbox = open(t, { maxAgeMs: -1 });
  outbox.append('normal', batchOf(numbered(1), numbered(2)), 2);
  t.equal(outbox.shed(none), 2);
  t.equal(outbox.shed(none), 0, 'a loss is not shed again');
  t.equal(rowsOf(outbox.next(1, none)[0]!.data)[0]?.['loss.reason'], 'outbox-age');
  outbox.close();
});

t.test('a loss that a given-up batch declared is declared still', async (t) => {
  const outbox = open(t);
  const loss = {
    type: 'loss',
    time: 5,
    'loss.count': 7,
    'loss.reason': 'sensor-overrun',
    'loss.sensor': 'process',
  } as const;
  outbox.append('normal', batchOf(loss, numbered(1)), 8);
  t.equal(outbox.events, 1);
  const [batch] = outbox.next(1, none);
  t.equal(outbox.giveUp(batch!.stream, batch!.sequence, 'invalid'), 1);
  t.equal(outbox.giveUp(batch!.stream, batch!.sequence, 'invalid'), 0);
  const rows = rowsOf(outbox.next(1, none)[0]!.data);
  t.strictSame(
    rows.map((r) => [r['loss.reason'], r['loss.count'], r['loss.sensor']]),
    [
      ['sensor-overrun', 7, 'process'],
      ['invalid', 1, undefined],
    ],
  );
  outbox.close();
});

/** A batch of one event that takes 20 KB, because it cannot be compressed. */
function large(n: number) {
  const text = randomBytes(15_000).toString('base64');
  return batchOf({ ...numbered(n), 'package.maintainer': text } as AnyEvent);
}

/** Events by what became of them: those there, and those declared lost with `reason`. */
function accountOf(outbox: Outbox) {
  const rows = outbox.next(10_000, none).flatMap(({ data }) => rowsOf(data));
  const losses = rows.filter((row) => row.type === 'loss' && row['loss.reason'] === 'outbox-corrupt');
  return {
    there: rows.filter((row) => row.type !== 'loss').map((row) => row['package.name'] ?? row['user.name']),
    lost: losses.reduce((sum, row) => sum + Number(row['loss.count']), 0),
  };
}

/** Every stream's sequences from its first on, without a gap, and its counts of collected events that never fall. */
function isUnbroken(outbox: Outbox): boolean {
  const streams = Map.groupBy(outbox.next(10_000, none), (batch) => batch.stream);
  return [...streams.values()].every((batches) =>
    batches.every((batch, i) => {
      const before = batches[i - 1];
      return !before || (batch.sequence === before.sequence + 1 && batch.collected > before.collected);
    }),
  );
}

t.test('what is no database at all is set aside and the agent goes on', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  writeFileSync(path, 'this is no database, whatever its name says. '.repeat(100));
  const damages: Damage[] = [];
  const outbox = open(t, { path, onDamage: (damage) => damages.push(damage) });
  t.match(damages, [{ batches: 0, lost: 0 }]);
  t.ok(existsSync(damages[0]?.setAside ?? ''));
  outbox.append('normal', batchOf(numbered(1)), 1);
  t.equal(outbox.events, 1);
  outbox.close();
});

for (const [what, from, to] of [
  ['the middle', 0.4, 0.6],
  ['the beginning', 0.25, 0.5],
  ['the end', 0.7, 1],
  ['all but the first page', 0.02, 1],
] as const) {
  t.test(`damage of ${what}: what can be read is saved, and the rest declared, exactly`, async (t) => {
    const path = join(tempFolder(t), 'outbox.db');
    const before = open(t, { path });
    const total = 600;
    for (let n = 0; n < total; n += 3)
      before.append('normal', batchOf(numbered(n), numbered(n + 1), numbered(n + 2)), 3);
    const [first] = before.next(1, none);
    before.acknowledge(first!.stream, 20);
    before.close();
    const bytes = readFileSync(path);
    const page = (share: number) => Math.max(1, Math.floor((share * bytes.length) / 4096)) * 4096;
    bytes.fill(0xff, page(from), page(to));
    writeFileSync(path, bytes);
    const damages: Damage[] = [];
    const after = open(t, { path, onDamage: (damage) => damages.push(damage) });
    const { there, lost } = accountOf(after);
    t.equal(damages.length, 1);
    t.equal(damages[0]?.lost, lost);
    t.equal(there.length + lost, total - 60, 'all but what was acknowledged');
    t.ok(lost > 0);
    if (from > 0.05) t.ok(there.length > 0);
    t.equal(new Set(there).size, there.length);
    t.ok(isUnbroken(after));
    t.equal(after.next(1, none)[0]?.sequence, 21);
    after.close();
    const again = open(t, { path, onDamage: () => t.fail('it is sound now') });
    t.equal(again.events, there.length);
    again.close();
  });
}

t.test('damage while at work: the streams of this run go on, and what is missing is declared', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const damages: Damage[] = [];
  const outbox = open(t, { path, onDamage: (damage) => damages.push(damage) });
  // More than the cache of pages holds.
  for (let n = 0; n < 300; n++) outbox.append('normal', large(n), 1);
  outbox.sync();
  const bytes = readFileSync(path);
  bytes.fill(0xff, bytes.length / 4, bytes.length / 2);
  writeFileSync(path, bytes);
  for (let n = 300; n < 600; n++) outbox.append('normal', large(n), 1);
  const { there, lost } = accountOf(outbox);
  t.equal(damages.length, 1);
  t.equal(there.length + lost, 600);
  t.ok(there.includes('n599') && lost > 0);
  t.ok(isUnbroken(outbox));
  outbox.close();
});

t.test('a database that is gone: what it held is declared by the marks beside it', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const before = open(t, { path });
  for (let n = 0; n < 10; n++) before.append('high', batchOf(numberedHigh(n), numberedHigh(n)), 2);
  const [first] = before.next(1, none);
  before.acknowledge(first!.stream, 4);
  before.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  const damages: Damage[] = [];
  const after = open(t, { path, onDamage: (damage) => damages.push(damage) });
  t.match(damages, [{ setAside: undefined, batches: 0, lost: 12 }]);
  t.strictSame(
    after.next(10, none).map(({ sequence, collected, stream }) => [stream, sequence, collected]),
    [5, 6, 7, 8, 9, 10].map((n, i) => [first!.stream, n, 8 + 7 + i]),
  );
  after.close();
});

t.test('on a disk that is nearly full it grows no more', async (t) => {
  const outbox = open(t, { minFreeShare: 1 });
  const fill = (from: number) => {
    for (let n = from; n < from + 20; n++) outbox.append('normal', large(n), 1);
  };
  fill(0);
  t.equal(outbox.shed(none), 0);
  const held = outbox.sizeBytes;
  fill(20);
  const lost = outbox.shed(none);
  t.ok(lost > 0 && outbox.sizeBytes <= held);
  t.equal(outbox.events + lost, 40);
  outbox.close();
});

t.test('room is given back to the disk once it is not needed', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const outbox = open(t, { path });
  const large = batchOf(...Array.from({ length: 2000 }, (_, i) => numbered(i)));
  const padded = { ...large, data: Buffer.concat([large.data, Buffer.alloc(200_000)]) };
  for (let n = 0; n < 200; n++) outbox.append('normal', padded, 2000);
  outbox.sync();
  const before = statSync(path).size;
  const [first] = outbox.next(1, none);
  outbox.acknowledge(first!.stream, 200);
  outbox.append('normal', batchOf(numbered(1)), 1);
  for (let i = 0; i < 10; i++) outbox.sync();
  t.ok(statSync(path).size < before / 2);
  outbox.close();
});

t.test('alerts go before all else', async (t) => {
  const outbox = open(t);
  outbox.append('normal', batchOf(numbered(1)), 1);
  outbox.append('high', batchOf(numberedHigh(2)), 1);
  outbox.append('alert', batchOf(numberedHigh(3)), 1);
  t.strictSame(accountOf(outbox).there, ['n3', 'n2', 'n1']);
  outbox.close();
});

t.test('a database of a newer agent is refused and left as it is', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const db = new Database(path);
  db.pragma('user_version = 99');
  db.close();
  t.throws(() => open(t, { path }), { code: 'data.schema_newer' });
});

t.test('a folder that is not there is an error that says so', async (t) => {
  t.throws(() => open(t, { path: join(tempFolder(t), 'missing', 'outbox.db') }), { code: 'data.unreadable' });
});

t.test(
  'how far streams were acknowledged outlives their batches, for the last 128 runs and this identity',
  async (t) => {
    const path = join(tempFolder(t), 'outbox.db');
    const of = (hostId: string) => open(t, { path, hostId });
    const run = (outbox: Outbox) => {
      outbox.append('normal', batchOf(numbered(1)), 1);
      outbox.append('normal', batchOf(numbered(2), numbered(3)), 2);
      const stream = outbox.next(1, none)[0]!.stream;
      outbox.acknowledge(stream, 2);
      return stream;
    };
    let outbox = of('one');
    const first = run(outbox);
    t.strictSame(outbox.acknowledgedMarks(), [[first, 2, 3]]);
    for (let i = 0; i < maxMarks; i++) {
      outbox.close();
      outbox = of('one');
      t.ok(outbox.acknowledgedMarks().length <= maxMarks);
      run(outbox);
    }
    t.ok(outbox.acknowledgedMarks().length >= maxMarks - 2);
    t.notOk(outbox.acknowledgedMarks().some(([stream]) => stream === first));
    outbox.append('normal', batchOf(numbered(4)), 1);
    const left = outbox.next(1, none)[0]!.stream;
    outbox.close();
    outbox = of('two');
    t.strictSame(
      outbox.acknowledgedMarks(),
      [[left, 2, 3]],
      'a stream with batches left can go on elsewhere',
    );
    outbox.close();
  },
);

t.test('what the disk does not let be forgotten is not in the way of what is to be sent', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const outbox = open(t, { path });
  for (let n = 1; n <= 100; n++) outbox.append('normal', batchOf(numbered(n)), 1);
  const { stream } = outbox.next(1, none)[0]!;
  const other = new Database(path);
  t.teardown(() => other.close());
  other.exec(`CREATE TRIGGER refuse BEFORE DELETE ON batch BEGIN SELECT raise(FAIL, 'no room'); END`);
  outbox.acknowledge(stream, 90);
  t.equal(outbox.batches, 100, 'nothing could be forgotten');
  t.same(
    outbox.next(4, (_, sequence) => sequence === 92).map(({ sequence }) => sequence),
    [91, 93, 94, 95],
  );
  outbox.close();
});
