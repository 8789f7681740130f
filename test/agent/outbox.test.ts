import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { maxMarks } from '#shared/protocol/frames.ts';
import { rowAt } from '#shared/schema/columns.ts';
import { Outbox } from '../../agent/outbox/outbox.ts';
import { batchOf, numbered, numberedHigh } from '../events.ts';
import { tempFolder } from '../temp.ts';

const none = () => false;

function open(t: Test, options: { path?: string; maxBytes?: number; maxAgeMs?: number } = {}): Outbox {
  const path = options.path ?? join(tempFolder(t), 'outbox.db');
  return new Outbox({ path, maxBytes: options.maxBytes ?? 1 << 30, maxAgeMs: options.maxAgeMs ?? 1e12 });
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
  const [first, second, third] = outbox.next(8, 0, none);
  t.match(first, { sequence: 1, collected: 1 });
  t.equal(rowsOf(first!.data)[0]?.['user.name'], 'n4');
  t.match(second, { sequence: 1, collected: 1 });
  t.match(third, { sequence: 2, collected: 3, stream: second!.stream });
  t.not(first!.stream, second!.stream);
  t.equal(outbox.events, 4);
  outbox.acknowledge(second!.stream, 1);
  t.equal(outbox.events, 3);
  t.equal(outbox.next(8, 1, (s, q) => s === first!.stream && q === 1).length, 1);
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
  const [kept] = before.next(1, 0, none);
  before.close();
  const after = open(t, { path });
  t.equal(after.events, 1);
  after.append('normal', batchOf(numbered(2)), 1);
  const [old, fresh] = after.next(8, 0, none);
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
  const [, firstNormal] = outbox.next(2, 0, none);
  const sent = (stream: string, sequence: number) => stream === firstNormal?.stream && sequence === 1;
  const lost = outbox.shed(sent);
  t.ok(lost > 0);
  t.ok(outbox.sizeBytes <= 6000);
  const all = outbox.next(100, 0, none);
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
  t.equal(rowsOf(outbox.next(1, 0, none)[0]!.data)[0]?.['loss.reason'], 'outbox-age');
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
  const [batch] = outbox.next(1, 0, none);
  t.equal(outbox.giveUp(batch!.stream, batch!.sequence, 'invalid'), 1);
  t.equal(outbox.giveUp(batch!.stream, batch!.sequence, 'invalid'), 0);
  const rows = rowsOf(outbox.next(1, 0, none)[0]!.data);
  t.strictSame(
    rows.map((r) => [r['loss.reason'], r['loss.count'], r['loss.sensor']]),
    [
      ['sensor-overrun', 7, 'process'],
      ['invalid', 1, undefined],
    ],
  );
  outbox.close();
});

t.test('a damaged database is set aside and the agent goes on', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  writeFileSync(path, 'this is no database, whatever its name says. '.repeat(100));
  const outbox = open(t, { path });
  t.ok(outbox.setAside !== undefined && existsSync(outbox.setAside));
  outbox.append('normal', batchOf(numbered(1)), 1);
  t.equal(outbox.events, 1);
  outbox.close();
});

t.test('damage in the middle of the database shows at the start, and is set aside too', async (t) => {
  const path = join(tempFolder(t), 'outbox.db');
  const before = open(t, { path });
  for (let n = 0; n < 200; n++) before.append('normal', batchOf(numbered(n)), 1);
  before.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 8192, bytes.length - 4096);
  writeFileSync(path, bytes);
  const after = open(t, { path });
  t.ok(after.setAside);
  t.equal(after.events, 0);
  after.close();
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
    const of = (hostId: string) => new Outbox({ path, hostId, maxBytes: 1 << 30, maxAgeMs: 1e12 });
    const run = (outbox: Outbox) => {
      outbox.append('normal', batchOf(numbered(1)), 1);
      outbox.append('normal', batchOf(numbered(2), numbered(3)), 2);
      const stream = outbox.next(1, 0, none)[0]!.stream;
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
    const left = outbox.next(1, 0, none)[0]!.stream;
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
