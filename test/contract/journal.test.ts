/** What every journal must do; run over each kind there is. */
import { join } from 'node:path';
import t from 'tap';
import {
  type BatchRecord,
  type JournalReader,
  type JournalWriter,
  notInJournal,
} from '../../collector/store/journal/contract.ts';
import { openJournalReader } from '../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { batchOf, numbered } from '../events.ts';
import { tempFolder } from '../temp.ts';

interface Kind {
  readonly name: string;
  open(folder: string): { writer: JournalWriter; reader: JournalReader };
}
const kinds: readonly Kind[] = [
  {
    name: 'SQLite',
    open(folder) {
      const path = join(folder, 'journal.db');
      return { writer: openJournalWriter(path), reader: openJournalReader(path) };
    },
  },
];

const second = 1_000_000;

function record(sequence: number, over: Partial<BatchRecord> = {}): BatchRecord {
  const { data } = batchOf(numbered(sequence));
  return {
    hostId: 'a'.repeat(16),
    stream: 'b'.repeat(16),
    sequence,
    collected: sequence,
    stored: 1,
    lost: {},
    counts: { 'package.state': 1 },
    minTime: sequence * second,
    maxTime: sequence * second,
    receivedAt: sequence * second,
    data,
    ...over,
  };
}

for (const kind of kinds) {
  t.test(`${kind.name}: stores in order, drops repeats, refuses gaps`, async (t) => {
    const { writer, reader } = kind.open(tempFolder(t));
    const outcomes = await writer.append([record(1), record(2), record(2), record(4), record(3)]);
    t.strictSame(
      outcomes.map((o) => o.status),
      ['stored', 'stored', 'repeat', 'gap', 'stored'],
    );
    t.match(outcomes[3], { status: 'gap', mark: 2 });
    t.strictSame(
      (await reader.forward(0, 10)).map((b) => b.sequence),
      [1, 2, 3],
    );
    const [ledger] = await reader.ledger();
    t.match(ledger, { mark: 3, collected: 3, stored: 3, repeats: 1, batches: 3 });
    t.match(await reader.totals(), { batches: 3, events: 3 });
    t.strictSame(
      (await writer.append([record(3), record(4)])).map((o) => o.status),
      ['repeat', 'stored'],
    );
    await writer.close();
    await reader.close();
  });

  t.test(`${kind.name}: what the agent saw acknowledged and it lacks is lost once`, async (t) => {
    const { writer, reader } = kind.open(tempFolder(t));
    const [hostId, stream, other] = ['a'.repeat(16), 'b'.repeat(16), 'c'.repeat(16)];
    await writer.append([record(1), record(2)]);
    t.strictSame(await writer.settle(hostId, [[stream, 2, 2]]), [], 'nothing is lacking');
    const marks = [
      [stream, 5, 50],
      [other, 3, 7],
      [stream, 1, 1],
      [stream, 5, 50],
    ] as const;
    const lacks = await writer.settle(hostId, marks);
    t.strictSame(lacks, [
      { stream, lost: 48 },
      { stream: other, lost: 7 },
    ]);
    t.strictSame(await writer.settle(hostId, marks), [], 'not twice');
    const outcomes = await writer.append([record(5), record(6, { collected: 51 })]);
    t.strictSame(
      outcomes.map((o) => o.status),
      ['repeat', 'stored'],
    );
    const ledger = await reader.ledger();
    t.match(
      ledger.find((l) => l.stream === stream),
      { mark: 6, collected: 51, stored: 3, lost: { [notInJournal]: 48 } },
    );
    t.match(
      ledger.find((l) => l.stream === other),
      { mark: 3, collected: 7, stored: 0, lost: { [notInJournal]: 7 } },
    );
    await writer.close();
    await reader.close();
  });

  t.test(`${kind.name}: streams are apart, losses add up by reason`, async (t) => {
    const { writer, reader } = kind.open(tempFolder(t));
    await writer.append([
      record(1, { lost: { 'queue-full': 2 }, collected: 3 }),
      record(1, { stream: 'c'.repeat(16) }),
      record(2, { lost: { 'queue-full': 3, invalid: 1 }, collected: 8 }),
    ]);
    const ledger = await reader.ledger();
    t.equal(ledger.length, 2);
    t.match(
      ledger.find((s) => s.stream.startsWith('b')),
      { collected: 8, stored: 2, lost: { 'queue-full': 5, invalid: 1 } },
    );
    await writer.close();
    await reader.close();
  });

  t.test(`${kind.name}: a stream belongs to the host that began it`, async (t) => {
    const { writer, reader } = kind.open(tempFolder(t));
    const others = { hostId: 'd'.repeat(16) };
    await writer.append([record(2)]);
    await writer.append([record(1, others)]);
    const outcomes = await writer.append([
      record(1),
      record(2, others),
      record(2, { ...others, stream: 'c'.repeat(16) }),
    ]);
    t.strictSame(
      outcomes.map((o) => o.status),
      ['foreign', 'stored', 'gap'],
      'a gap begins nothing',
    );
    const ledger = await reader.ledger();
    t.equal(ledger.find((s) => s.hostId === 'a'.repeat(16))?.stored, 0);
    await writer.close();
    await reader.close();
  });

  t.test(`${kind.name}: survives being opened again`, async (t) => {
    const folder = tempFolder(t);
    const first = kind.open(folder);
    await first.writer.append([record(1), record(2)]);
    await first.writer.close();
    await first.reader.close();
    const { writer, reader } = kind.open(folder);
    t.strictSame(
      (await writer.append([record(2), record(3)])).map((o) => o.status),
      ['repeat', 'stored'],
    );
    t.same((await reader.find('a'.repeat(16), 'b'.repeat(16), 3))?.data, record(3).data);
    t.equal(await reader.find('a'.repeat(16), 'b'.repeat(16), 4), undefined);
    await writer.close();
    await reader.close();
  });

  t.test(`${kind.name}: gives what is of one moment while batches arrive`, async (t) => {
    const { writer, reader } = kind.open(tempFolder(t));
    await writer.append([record(1), record(2)]);
    const seen = await reader.atOneMoment(async () => {
      const before = await reader.lastId();
      await writer.append([record(3)]);
      return [before, await reader.lastId()];
    });
    t.strictSame(seen, [2, 2]);
    t.equal(await reader.lastId(), 3);
    const failing = () => Promise.reject(new Error('no'));
    await t.rejects(reader.atOneMoment(failing), { message: 'no' });
    t.equal(await reader.atOneMoment(() => reader.lastId()), 3, 'and again');
    await writer.close();
    await reader.close();
  });

  t.test(`${kind.name}: reads forward and backward within a filter`, async (t) => {
    const { writer, reader } = kind.open(tempFolder(t));
    t.equal(await reader.lastId(), 0);
    t.equal(await reader.firstIdSince(0), undefined);
    const other = { hostId: 'd'.repeat(16), counts: { login: 1 } };
    await writer.append([record(1), record(2), record(1, other), record(3), record(4)]);
    const sequences = async (list: Promise<readonly { sequence: number }[]>) =>
      (await list).map((b) => b.sequence);
    t.strictSame(await sequences(reader.forward(0, 2)), [1, 2]);
    t.strictSame(await sequences(reader.backward(Number.MAX_SAFE_INTEGER, 2)), [4, 3]);
    t.strictSame(await sequences(reader.forward(0, 9, { hostId: other.hostId })), [1]);
    t.strictSame(await sequences(reader.forward(0, 9, { types: ['login'] })), [1]);
    t.strictSame(await sequences(reader.forward(0, 9, { types: ['log'] })), []);
    t.strictSame(await sequences(reader.forward(0, 9, { since: 3 * second })), [3, 4]);
    t.strictSame(await sequences(reader.backward(99, 9, { until: 1 * second })), [1, 1]);
    t.equal(await reader.firstIdSince(3 * second), 4);
    t.equal(await reader.lastId(), 5);
    t.strictSame(await reader.arrivals(4 * second), [{ second: 4, counts: { 'package.state': 1 } }]);
    await writer.close();
    await reader.close();
  });
}
