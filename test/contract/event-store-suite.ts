/** What every store of events must do, and the kinds there are. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { everything, type Filter } from '#shared/filter/filter.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { KeyRing, makeKeyFile } from '../../collector/encryption/key-ring.ts';
import type { EventQuery, EventSql } from '../../collector/store/contract.ts';
import { searchArrivals } from '../../collector/store/events/arrival-search.ts';
import { DecodedBatches } from '../../collector/store/events/decoded-batches.ts';
import { EventSearch, findInJournal } from '../../collector/store/events/search.ts';
import { SegmentSearch } from '../../collector/store/events/segment-search.ts';
import { SqlEngine } from '../../collector/store/events/sql/engine.ts';
import { searchTail } from '../../collector/store/events/tail-search.ts';
import type { BatchRecord, JournalWriter } from '../../collector/store/journal/contract.ts';
import { openDatabase } from '../../collector/store/journal/database.ts';
import { openJournalReader } from '../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { Compactor } from '../../collector/store/segments/compactor.ts';
import { Sealer } from '../../collector/store/segments/sealer.ts';
import { randomOf, sampleEvents } from '../../scripts/bench/sample-events.ts';
import { batchOf } from '../events.ts';
import { passes } from '../naive-filter.ts';
import { tempFolder } from '../temp.ts';
import { batchEvents, numberedHost, numberedRecord } from './numbered-record.ts';

interface Store {
  readonly writer: Pick<JournalWriter, 'append'>;
  readonly events: EventSearch;
  readonly sql: EventSql;
  /** Does what it does in the background with what is older, up to batch `upTo`, and puts together what that made. */
  settle(upTo?: number): Promise<void>;
  close(): Promise<void>;
}

interface Kind {
  readonly name: string;
  /** Makes what a store needs; its files are in `folder` from then on. */
  prepare(folder: string): void;
  open(folder: string): Store;
  /** A process that stores numbered batches after number `from` until it is killed, and one that settles. */
  appender(folder: string, from: number): ChildProcess;
  settler(folder: string): ChildProcess;
}

const script = (name: string, ...args: readonly string[]) =>
  spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

function embedded(name: string, keysOf: (folder: string) => string): Kind {
  return {
    name,
    prepare(folder) {
      mkdirSync(join(folder, 'segments'));
      if (keysOf(folder) !== '') makeKeyFile(keysOf(folder));
    },
    open(folder) {
      const path = join(folder, 'journal.db');
      const segments = join(folder, 'segments');
      const keyFile = keysOf(folder);
      const ring = new KeyRing(keyFile);
      const writer = openJournalWriter(path, undefined, ring);
      const reader = openJournalReader(path, ring);
      const db = openDatabase(path, false);
      const sealer = new Sealer(db, segments, ring);
      const bounds = { fullRows: 1_000_000, minSegments: 3 };
      const compactor = new Compactor(db, segments, ring, bounds);
      const sql = new SqlEngine({
        ...{ entry: new URL('../../collector/hunt.process.ts', import.meta.url), folder, keyFile },
        ...{ threads: 2, memoryBytes: 256 * 1024 ** 2, spillBytes: 0 },
        hostNames: async () => [],
        log: () => undefined,
      });
      const decoded = new DecodedBatches();
      const tail = {
        newest: (query: Parameters<typeof searchTail>[2]) => searchTail(reader, decoded, query),
        arrivals: (query: EventQuery) => searchArrivals(reader, query),
        find: (id: string) => findInJournal(reader, id),
      };
      return {
        writer,
        sql,
        events: new EventSearch(tail, new SegmentSearch(sql, () => reader.sealedSpan())),
        async settle(upTo = Number.MAX_SAFE_INTEGER) {
          const at = () => Math.round((performance.timeOrigin + performance.now()) * 1000);
          sealer.run(upTo, { maxEvents: 1_000_000, maxBytes: 1 << 30 }, at());
          while (compactor.step(at()) !== undefined);
        },
        async close() {
          await sql.close();
          db.close();
          await reader.close();
          await writer.close();
        },
      };
    },
    appender: (folder, from) => script('event-appender.ts', folder, keysOf(folder), String(from)),
    settler: (folder) => script('../faults/sealing-worker.ts', folder, keysOf(folder)),
  };
}

export const inTheClear = embedded('SQLite and Parquet', () => '');
export const encrypted = embedded('SQLite and Parquet, encrypted', (folder) => join(folder, 'keys'));

function opened(t: Test, kind: Kind): Store {
  const folder = tempFolder(t);
  kind.prepare(folder);
  const store = kind.open(folder);
  t.teardown(() => store.close());
  return store;
}

/** All pages of a search, joined. */
async function all(store: Store, query: Partial<EventQuery> = {}) {
  const found = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.events.search({
      ...{ filter: everything, limit: 300, order: 'newest', ...query },
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...page.items);
    if (page.next === null || (query.order === 'arrival' && page.items.length === 0)) return found;
    cursor = page.next;
  }
}

async function count(store: Store): Promise<number> {
  const { rows } = await store.sql.query('SELECT count(*) FROM events');
  return Number(rows[0]?.[0]);
}

/** Numbers stored, and how often each. */
async function numbersIn(store: Store): Promise<Map<number, number>> {
  const sql = `SELECT coalesce("package.name", "user.name") AS n, count(*) FROM events GROUP BY n`;
  const { rows } = await store.sql.query(sql, [], { maxRows: 1_000_000 });
  return new Map(rows.map(([name, times]) => [Number(String(name).slice(1)), Number(times)]));
}

const start = Date.UTC(2026, 10, 1, 23) * 1000;
const spacingUs = 300_000_000;

/** Batches of all kinds of events of two hosts, over midnight. */
function sampled(): { readonly records: BatchRecord[]; readonly events: readonly [string, EventRow][] } {
  const random = randomOf(7);
  const events: [string, EventRow][] = [];
  const records = Array.from({ length: 24 }, (_, i): BatchRecord => {
    const hostId = (i % 2 === 0 ? 'a' : 'b').repeat(16);
    const rows = sampleEvents(random, 40, start + i * spacingUs) as unknown as EventRow[];
    for (const row of rows) events.push([hostId, row]);
    const { counts, minTime, maxTime, data } = batchOf(...(rows as never[]));
    const sequence = Math.floor(i / 2) + 1;
    return {
      ...{ hostId, stream: hostId.slice(0, 8) + 'c'.repeat(8), sequence, collected: sequence * rows.length },
      ...{ stored: rows.length, lost: {}, counts, minTime, maxTime, receivedAt: start + i, data },
    };
  });
  return { records, events };
}

const textOf = (hostId: string, event: EventRow) => {
  const entries = Object.entries(event).filter(([, value]) => value !== undefined);
  return JSON.stringify([hostId, entries.sort(([a], [b]) => (a < b ? -1 : 1))]);
};

const filters = [
  'process.name:bash',
  'type:process.start user.name:root',
  'not process.name:* or destination.port:443',
  'process.pid:>30000',
  'alice',
].map((text) => {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(text);
  return { text, filter: parsed.value };
});
const ofHost: Filter = { kind: 'hosts', ids: ['b'.repeat(16)] };

export function eventStoreSuite(kind: Kind): void {
  t.test(`${kind.name}: the same events, however far it has settled`, async (t) => {
    const store = opened(t, kind);
    const { records, events } = sampled();
    await store.writer.append(records);
    const expected = events.map(([hostId, event]) => textOf(hostId, event)).sort();
    for (const upTo of [0, 12, Number.MAX_SAFE_INTEGER]) {
      await store.settle(upTo);
      const found = await all(store);
      t.same(found.map(({ hostId, event }) => textOf(hostId, event)).sort(), expected, `up to ${upTo}`);
      const times = found.map(({ event }) => event.time);
      t.same(
        times,
        times.toSorted((a, b) => b - a),
        'the newest first',
      );
      t.equal(new Set(found.map(({ id }) => id)).size, events.length, 'each with an id of its own');
      t.equal(await count(store), events.length);
      for (const { id, event } of [found[0]!, found.at(-1)!, found[500]!])
        t.same((await store.events.find(id))?.event, event, 'found by its id');
      for (const { text, filter } of [...filters, { text: 'a host', filter: ofHost }]) {
        const wanted = events.filter(([hostId, event]) => passes(filter, hostId, event)).length;
        t.equal((await all(store, { filter })).length, wanted, text);
      }
      const [since, until] = [start + 3 * spacingUs, start + 9 * spacingUs];
      const within = events.filter(([, { time }]) => time >= since && time <= until).length;
      t.equal((await all(store, { since, until })).length, within, 'of a time');
    }
  });

  t.test(`${kind.name}: what is asked for wrongly`, async (t) => {
    const store = opened(t, kind);
    t.same(await all(store), [], 'nothing is stored');
    t.equal(await count(store), 0);
    t.equal(await store.events.find('no id'), undefined);
    t.equal(await store.events.find(`${'a'.repeat(16)}:${'b'.repeat(16)}:1:0`), undefined);
    await t.rejects(all(store, { cursor: 'none' }), { code: 'store.cursor_invalid' });
    await t.rejects(store.sql.query('DELETE FROM events'), { code: /^hunt\./ });
  });

  t.test(
    `${kind.name}: whoever asks while batches come and settle sees each that was stored, once`,
    async (t) => {
      const store = opened(t, kind);
      const batches = 60;
      let stored = 0;
      let isOver = false;
      const settling = (async () => {
        while (!isOver) await store.settle().then(() => sleep(20));
      })();
      const asking = (async () => {
        let before = 0;
        for (let n = 0; !isOver; n++) {
          const least = stored * batchEvents;
          const seen = n % 2 === 0 ? await count(store) : (await all(store)).length;
          const most = (stored + 1) * batchEvents;
          if (seen < least || seen < before || seen > most)
            t.fail(`${seen} of ${least} to ${most}, ${before} before`);
          before = seen;
        }
        return before;
      })();
      for (let sequence = 1; sequence <= batches; sequence++) {
        await store.writer.append([numberedRecord(sequence)]);
        stored = sequence;
        if (sequence % 20 === 0) await sleep(100);
      }
      isOver = true;
      await settling;
      t.ok((await asking) > 0);
      const numbers = await numbersIn(store);
      t.equal(numbers.size, batches * batchEvents);
      t.ok([...numbers.values()].every((times) => times === 1));
    },
  );

  t.test(
    `${kind.name}: killed while it stores and settles, what it said is stored is there, once`,
    async (t) => {
      const folder = tempFolder(t);
      kind.prepare(folder);
      await kind.open(folder).close();
      let said = 0;
      for (let kill = 0; kill < 3; kill++) {
        const appender = kind.appender(folder, said);
        const settler = kind.settler(folder);
        let text = '';
        appender.stdout?.on('data', (part: Buffer) => {
          text = (text + part.toString()).slice(-200);
        });
        while (text === '') await sleep(20);
        await sleep(300 + kill * 200);
        const ended = [appender, settler].map((child) => once(child, 'exit'));
        for (const child of kill % 2 === 0 ? [appender, settler] : [settler, appender]) child.kill('SIGKILL');
        await Promise.all(ended);
        said = Number(text.trim().split('\n').at(-1));

        const store = kind.open(folder);
        try {
          const numbers = await numbersIn(store);
          t.ok(numbers.size >= said * batchEvents, `${numbers.size} events of ${said} batches`);
          t.ok([...numbers.values()].every((times) => times === 1));
          t.equal((await all(store)).length, numbers.size);
          t.equal(numbers.size % batchEvents, 0, 'a batch is there whole or not at all');
          t.equal(
            [...numbers.keys()].every((n) => n < numbers.size),
            true,
            'and none after one that is not',
          );
          t.match(await store.events.find(`${numberedHost}:${'b'.repeat(16)}:1:0`), {
            event: { 'user.name': 'n0' },
          });
          said = numbers.size / batchEvents;
        } finally {
          await store.close();
        }
      }
    },
  );
}
