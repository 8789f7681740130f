/**
 * Events through the real journal and sealer, then ten fixed hunts through the real hunting process, quiet and while
 * events go on coming; beside a table of rows in SQLite. Everything on the disk of --folder, removed at the end.
 * --events N --hosts N --runs N (of each hunt) --ingest N (events a second while hunting) --rows N (events in the
 * SQLite table; 0 for none) --seed N --folder PATH --json
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { recordOf } from '../../collector/ingest/record.ts';
import { SqlEngine } from '../../collector/store/events/sql/engine.ts';
import type { BatchRecord } from '../../collector/store/journal/contract.ts';
import { openDatabase } from '../../collector/store/journal/database.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { Compactor } from '../../collector/store/segments/compactor.ts';
import { Manifest } from '../../collector/store/segments/manifest.ts';
import { Sealer } from '../../collector/store/segments/sealer.ts';
import { SealerThread } from '../../collector/store/segments/sealer-thread.ts';
import { type BenchResult, percentile, report } from './report.ts';
import { randomOf, sampleEvents } from './sample-events.ts';
import { planted, type Question, questions } from './store/hunts.ts';
import { RowTable } from './store/rows.ts';

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    hosts: { type: 'string', default: '50' },
    runs: { type: 'string', default: '5' },
    ingest: { type: 'string', default: '20000' },
    rows: { type: 'string' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(flags.events);
const hosts = Number(flags.hosts);
const runs = Number(flags.runs);
const perSecond = Number(flags.ingest);
const rowCount = Number(flags.rows ?? flags.events);
const seed = Number(flags.seed);
if (![count, hosts, runs, perSecond, rowCount, seed].every((n) => Number.isSafeInteger(n) && n >= 0)) {
  console.error('store: --events, --hosts, --runs, --ingest, --rows and --seed take whole numbers.');
  process.exit(2);
}
const batchSize = 500;
const batchesAtOnce = 64;
const sealEvents = 500_000;
const dayUs = 86_400_000_000;
const from = Date.UTC(2026, 10, 1) * 1000;

const place = mkdtempSync(join(flags.folder, 'vedette-store-'));
const journalPath = join(place, 'journal.db');
const segments = join(place, 'segments');
mkdirSync(segments);
const writer = openJournalWriter(journalPath);
const db = openDatabase(journalPath, false);
const manifest = new Manifest(db);
const random = randomOf(seed);
const tell = (what: string) => console.error(`store: ${what}`);
const hostOf = (n: number) => (n % hosts).toString(16).padStart(16, '0');
const positions = new Map<string, { sequence: number; collected: number }>();

function recordOfEvents(host: string, events: readonly EventRow[], receivedAt: number): BatchRecord {
  const { data } = encodeBatch(events);
  const decoded = decodeBatch(data);
  if (!decoded.ok) throw decoded.error;
  const before = positions.get(host) ?? { sequence: 0, collected: 0 };
  const position = { sequence: before.sequence + 1, collected: before.collected + events.length };
  positions.set(host, position);
  const record = recordOf(
    { hostId: host, stream: host, ...position, receivedAt, data } as never,
    decoded.value,
  );
  if (!record.ok) throw record.error;
  return record.value;
}

/** The events of batch `n`, at even times over a day, with what only one of them has. */
function eventsOf(n: number): EventRow[] {
  const events = sampleEvents(
    random,
    batchSize,
    from + (n * batchSize * dayUs) / count,
  ) as unknown as EventRow[];
  if (n !== Math.floor(count / batchSize / 3)) return events;
  const start = events.findIndex(({ type }) => type === 'process.start');
  const connection = events.findIndex(({ type }) => type === 'network.connection');
  return events.map((event, i) => {
    if (i === start)
      return { ...event, 'process.entity_id': planted.entity, 'process.command_line': `sh ${planted.word}` };
    return i === connection ? { ...event, 'destination.ip': planted.address } : event;
  });
}

const sealing = { seconds: 0, cpuS: 0, events: 0, peakBytes: 0 };

function seal(): void {
  const sealer = new Sealer(db, segments);
  const bounds = { maxEvents: sealEvents, maxBytes: 1 << 30 };
  const cpu = process.cpuUsage();
  const began = performance.now();
  const run = sealer.run(Number.MAX_SAFE_INTEGER, bounds, Date.now() * 1000);
  sealing.seconds += (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  sealing.cpuS += (user + system) / 1e6;
  sealing.events += run?.events ?? 0;
  sealing.peakBytes = Math.max(sealing.peakBytes, process.memoryUsage.rss());
}

/** Gives the seconds SQLite took for its rows. */
async function load(table: RowTable | undefined): Promise<number> {
  let rowS = 0;
  let records: BatchRecord[] = [];
  for (let n = 0; n * batchSize < count; n++) {
    const events = eventsOf(n);
    records.push(recordOfEvents(hostOf(n), events, events[0]?.time ?? 0));
    if (table !== undefined && n * batchSize < rowCount) {
      const began = performance.now();
      table.add(hostOf(n), events);
      rowS += (performance.now() - began) / 1000;
    }
    if (records.length === batchesAtOnce) await writer.append(records.splice(0));
    if ((n + 1) % (sealEvents / batchSize) !== 0) continue;
    seal();
    if ((n + 1) % ((4 * sealEvents) / batchSize) === 0) tell(`${(n + 1) * batchSize} events`);
  }
  await writer.append(records);
  records = [];
  seal();
  return rowS;
}

async function compact(): Promise<{ seconds: number; rows: number }> {
  const compactor = new Compactor(db, segments);
  const began = performance.now();
  let rows = 0;
  for (let n = 0; ; n++) {
    const merged = await compactor.step(Date.now() * 1000 + n);
    if (merged === undefined) break;
    rows += merged.rows;
  }
  compactor.close();
  return { seconds: (performance.now() - began) / 1000, rows };
}

async function ask(engine: SqlEngine, { sql }: Question): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const began = performance.now();
    await engine.query(sql);
    // The first run reads what the others find in the cache.
    if (run > 0) taken.push((performance.now() - began) / 1000);
  }
  return percentile(taken, 0.5);
}

/** Batches at an even pace, and the sealer behind them; gives how to stop. */
function ingest(): () => Promise<void> {
  const bodies = Array.from(
    { length: 40 },
    () => sampleEvents(random, batchSize, from + dayUs) as unknown as EventRow[],
  );
  const options = {
    journalPath,
    controlPath: join(place, 'control.db'),
    folder: segments,
    ...{ sealEvents, sealMs: 300_000, graceMs: 900_000 },
    retention: { days: 0, daysByType: {}, maxBytes: 0 },
  };
  const sealer = new SealerThread(new URL('../../collector/sealer.worker.ts', import.meta.url), options, {
    onSealed: () => undefined,
    onProblem: tell,
    onEnd: (error) => tell(error.message),
  });
  sealer.sealable(Number.MAX_SAFE_INTEGER);
  const began = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * (perSecond / batchSize));
    const records: BatchRecord[] = [];
    for (; made < due && records.length < batchesAtOnce; made++)
      records.push(
        recordOfEvents(hostOf(made), bodies[made % bodies.length] as EventRow[], Date.now() * 1000),
      );
    if (records.length > 0) void writer.append(records);
  }, 25);
  return async () => {
    clearInterval(timer);
    await sealer.close();
    tell(`${made * batchSize} events came meanwhile`);
  };
}

const goalOf = ({ goalS }: Question) => (goalS === undefined ? {} : { goal: goalS, less: true as const });

try {
  const table = rowCount > 0 ? new RowTable(join(place, 'rows.db')) : undefined;
  const rowS = await load(table);
  tell('merging');
  const merged = await compact();
  const totals = manifest.totals();
  const engine = new SqlEngine({
    entry: new URL('../../collector/hunt.process.ts', import.meta.url),
    folder: place,
    threads: 2,
    memoryBytes: 512 * 1024 ** 2,
    spillBytes: 1024 ** 3,
    hostNames: async () => [],
    log: (what, detail) => tell(`${what} ${JSON.stringify(detail)}`),
  });
  const list = questions(hostOf(7), from + dayUs - dayUs / 24);
  const results: BenchResult[] = [
    { name: 'sealing, events a second', value: sealing.events / sealing.seconds, unit: '1/s', goal: 100_000 },
    { name: 'sealing, events a second of CPU', value: sealing.events / sealing.cpuS, unit: '1/s' },
    { name: 'memory at the most, with making the events', value: sealing.peakBytes, unit: 'B' },
    { name: 'merging, rows a second', value: merged.rows / merged.seconds, unit: '1/s' },
    { name: 'files', value: totals.files, unit: 'count' },
    { name: 'bytes an event', value: totals.sizeBytes / totals.events, unit: 'count', goal: 60, less: true },
  ];
  tell('hunts');
  const quiet = new Map<string, number>();
  for (const question of list) {
    const seconds = await ask(engine, question);
    quiet.set(question.name, seconds);
    results.push({ name: question.name, value: seconds, unit: 's', ...goalOf(question) });
  }
  if (perSecond > 0) {
    tell('hunts while events come');
    const stop = ingest();
    for (const question of list) {
      const seconds = await ask(engine, question);
      const value = seconds / (quiet.get(question.name) as number);
      results.push({
        name: `${question.name}, while events come, of that time`,
        value,
        unit: 'ratio',
        goal: 2,
        less: true,
      });
    }
    await stop();
  }
  await engine.close();
  if (table !== undefined) {
    tell('the same of SQLite rows');
    const { size } = statSync(join(place, 'rows.db'));
    results.push(
      { name: `SQLite: rows a second`, value: rowCount / rowS, unit: '1/s' },
      { name: 'SQLite: bytes an event', value: size / rowCount, unit: 'count' },
    );
    for (const { name, rowSql } of list) {
      const began = performance.now();
      table.db.prepare(rowSql).all();
      results.push({ name: `SQLite: ${name}`, value: (performance.now() - began) / 1000, unit: 's' });
    }
    table.db.close();
  }
  report({ events: count, hosts, runs, perSecond, rows: rowCount, batchSize, sealEvents, seed }, results);
} finally {
  await writer.close();
  db.close();
  rmSync(place, { recursive: true, force: true });
}
