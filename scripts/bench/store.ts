/**
 * Events through the real journal, sealer and merging, then ten fixed hunts through the real hunting process, quiet and
 * while events go on coming; beside a table of rows in SQLite, and with --encrypted beside the same store encrypted.
 * Everything on the disk of --folder, removed at the end; 100 million events take some 10 GB and half an hour.
 * --events N --days N (they are spread over; one for ten million) --hosts N --runs N (of each hunt) --ingest N (events a
 * second while hunting; 0 for none) --rows N (events in the SQLite table, at most a million unless told; 0 for none)
 * --encrypted --against FILE (what --json printed of a run with fewer events) --seed N --folder PATH --json
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BatchRecord } from '../../collector/store/journal/contract.ts';
import { type BenchResult, percentile, report } from './report.ts';
import { Batches, batchSize } from './store/batches.ts';
import { type Question, questions } from './store/hunts.ts';
import { Progress } from './store/progress.ts';
import { RowTable } from './store/rows.ts';
import { type Asked, BenchStore } from './store/store.ts';

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    days: { type: 'string' },
    hosts: { type: 'string', default: '50' },
    runs: { type: 'string', default: '5' },
    ingest: { type: 'string', default: '20000' },
    rows: { type: 'string' },
    encrypted: { type: 'boolean', default: false },
    against: { type: 'string' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(flags.events);
const days = Number(flags.days ?? Math.max(1, Math.round(count / 10_000_000)));
const hosts = Number(flags.hosts);
const runs = Number(flags.runs);
const perSecond = Number(flags.ingest);
const rowCount = Number(flags.rows ?? Math.min(count, 1_000_000));
const seed = Number(flags.seed);
const numbers = [count, days, hosts, runs, perSecond, rowCount, seed];
if (!numbers.every((n) => Number.isSafeInteger(n) && n >= 0) || [count, days, hosts, runs].includes(0)) {
  console.error('store: --events, --days, --hosts, --runs, --ingest, --rows and --seed take whole numbers.');
  process.exit(2);
}
const batchesAtOnce = 64;
const sealEvents = 500_000;
/** Long enough for the journal to be as full as it gets, and to be sealed. */
const loudS = 30;
const dayUs = 86_400_000_000;
const from = Date.UTC(2026, 10, 1) * 1000;
const end = from + days * dayUs;
/** Greater than what an event was ever seen to take, sealed and in the journal, and a row of SQLite. */
const needs = { event: 60, row: 260, journal: 512 * 1024 ** 2 };

const tell = (what: string) => console.error(`store: ${what}`);
const room = statfsSync(flags.folder);
const wanted = count * needs.event * (flags.encrypted ? 2 : 1) + rowCount * needs.row + needs.journal;
if (wanted > room.bavail * room.bsize) {
  tell(
    `${flags.folder} has no room for it: about ${Math.round(wanted / 1024 ** 3)} GiB. Take another --folder.`,
  );
  process.exit(2);
}

const place = mkdtempSync(join(flags.folder, 'vedette-store-'));
const batches = new Batches({ events: count, hosts, seed, from, spanUs: days * dayUs });
const stores = ['clear', ...(flags.encrypted ? ['encrypted'] : [])].map(
  (name) => new BenchStore(join(place, name), { name, isEncrypted: name === 'encrypted', sealEvents, tell }),
);
const [clear, encrypted] = stores as [BenchStore, BenchStore?];
let peakBytes = 0;

/** The events of the same batches in every store. Gives the seconds SQLite took for its rows. */
async function load(table: RowTable | undefined): Promise<number> {
  const progress = new Progress('loading', count, tell);
  let rowS = 0;
  let records: BatchRecord[] = [];
  const append = async () => {
    for (const store of stores) await store.append(records);
    records = [];
  };
  for (let n = 0; n * batchSize < count; n++) {
    const events = batches.eventsOf(n);
    records.push(batches.recordOf(batches.hostOf(n), batches.bodyOf(events), events[0]?.time ?? 0));
    if (table !== undefined && n * batchSize < rowCount) {
      const began = performance.now();
      table.add(batches.hostOf(n), events);
      rowS += (performance.now() - began) / 1000;
    }
    if (records.length === batchesAtOnce) await append();
    if ((n + 1) % (sealEvents / batchSize) !== 0) continue;
    sealAndMerge(batches.timeOf(n));
    progress.at((n + 1) * batchSize);
  }
  await append();
  sealAndMerge(end + dayUs);
  return rowS;
}

function sealAndMerge(nowUs: number): void {
  for (const store of stores) {
    store.seal();
    store.merge(nowUs);
  }
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}

/**
 * The median of each question in each store, in rounds that go on for `leastS` seconds, after a first one of which others
 * find in the cache what it read.
 */
async function ask(
  list: readonly Question[],
  of: readonly BenchStore[],
  leastS = 0,
): Promise<Map<string, Asked>> {
  const beganMs = performance.now();
  const taken = new Map<string, Asked[]>();
  const progress = new Progress('hunts', (runs + 1) * list.length * of.length, tell);
  let asked = 0;
  for (let run = 0; run <= runs || performance.now() - beganMs < leastS * 1000; run++) {
    for (const { name, sql } of list) {
      for (const store of of) {
        const one = await store.ask(sql);
        const key = `${store.name} ${name}`;
        if (run > 0) taken.set(key, [...(taken.get(key) ?? []), one]);
        progress.at(++asked);
      }
    }
  }
  const median = (all: readonly Asked[], what: keyof Asked) =>
    percentile(
      all.map((one) => one[what]),
      0.5,
    );
  return new Map(
    [...taken].map(([key, all]) => [key, { seconds: median(all, 'seconds'), cpuS: median(all, 'cpuS') }]),
  );
}

/** Batches at an even pace, encoded before as agents do it, and the sealer behind them; gives how to stop. */
function ingest(store: BenchStore): () => Promise<void> {
  const bodies = Array.from({ length: 40 }, () => batches.bodyOf(batches.sample(end)));
  const sealer = store.startSealing();
  const began = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * (perSecond / batchSize));
    const records: BatchRecord[] = [];
    for (; made < due && records.length < batchesAtOnce; made++) {
      const body = bodies[made % bodies.length] as Uint8Array;
      records.push(batches.recordOf(batches.hostOf(made), body, Date.now() * 1000));
    }
    if (records.length > 0) void store.append(records);
  }, 25);
  return async () => {
    clearInterval(timer);
    const seconds = (performance.now() - began) / 1000;
    await sealer.close();
    tell(`${made * batchSize} events came in ${Math.round(seconds)} s meanwhile`);
  };
}

const ratio = (name: string, value: number, goal?: number): BenchResult => ({
  ...{ name, value, unit: 'ratio' },
  ...(goal !== undefined && { goal, less: true as const }),
});

function storeResults(): BenchResult[] {
  const { sealing, merging, totals } = clear;
  return [
    { name: 'sealing, events a second', value: sealing.rows / sealing.seconds, unit: '1/s', goal: 100_000 },
    { name: 'sealing, events a second of CPU', value: sealing.rows / sealing.cpuS, unit: '1/s' },
    { name: 'memory at the most, with making the events', value: peakBytes, unit: 'B' },
    { name: 'merging, rows a second', value: merging.rows / merging.seconds, unit: '1/s' },
    { name: 'files', value: totals.files, unit: 'count' },
    { name: 'bytes an event', value: totals.sizeBytes / totals.events, unit: 'count', goal: 60, less: true },
  ];
}

/** What encryption costs, each beside the same in the clear. */
function encryptionResults(of: BenchStore, list: readonly Question[], quiet: Map<string, Asked>) {
  const seconds = (name: string) => (quiet.get(name) as Asked).seconds;
  return [
    ratio('encrypted: time of sealing, of that in the clear', of.sealing.seconds / clear.sealing.seconds),
    ratio('encrypted: time of merging, of that in the clear', of.merging.seconds / clear.merging.seconds),
    ratio('encrypted: bytes, of those in the clear', of.totals.sizeBytes / clear.totals.sizeBytes),
    ...list.map(({ name }) =>
      ratio(
        `encrypted: ${name}, of its time in the clear`,
        seconds(`encrypted ${name}`) / seconds(`clear ${name}`),
      ),
    ),
  ];
}

async function loudResults(list: readonly Question[], quiet: Map<string, Asked>): Promise<BenchResult[]> {
  tell('hunts while events come');
  const stop = ingest(clear);
  const loud = await ask(list, [clear], loudS);
  await stop();
  const of = (name: string, what: keyof Asked) =>
    (loud.get(`clear ${name}`) as Asked)[what] / (quiet.get(`clear ${name}`) as Asked)[what];
  return list.flatMap(({ name }) => [
    ratio(`${name}, while events come, of that time`, of(name, 'seconds'), 2),
    ratio(`${name}, while events come, of that processor time`, of(name, 'cpuS')),
  ]);
}

/** How much longer than in a run with fewer events. */
function againstResults(path: string, list: readonly Question[], quiet: Map<string, Asked>): BenchResult[] {
  const { results } = JSON.parse(readFileSync(path, 'utf8').trim().split('\n').at(-1) as string) as {
    readonly results: readonly BenchResult[];
  };
  return list.flatMap(({ name }) => {
    const before = results.find((one) => one.name === name)?.value;
    if (before === undefined) return [];
    return [ratio(`${name}, of that of ${path}`, (quiet.get(`clear ${name}`) as Asked).seconds / before, 12)];
  });
}

function rowResults(table: RowTable, rowS: number, list: readonly Question[]): BenchResult[] {
  tell('the same of SQLite rows');
  const { size } = statSync(join(place, 'rows.db'));
  const asked = list.map(({ name, rowSql }) => {
    const began = performance.now();
    table.db.prepare(rowSql).all();
    return { name: `SQLite: ${name}`, value: (performance.now() - began) / 1000, unit: 's' };
  });
  return [
    { name: 'SQLite: rows a second', value: rowCount / rowS, unit: '1/s' },
    { name: 'SQLite: bytes an event', value: size / rowCount, unit: 'count' },
    ...asked,
  ];
}

try {
  const table = rowCount > 0 ? new RowTable(join(place, 'rows.db')) : undefined;
  const rowS = await load(table);
  const list = questions(batches.hostOf(7), end - dayUs / 24);
  const results = storeResults();
  tell('hunts');
  const quiet = await ask(list, stores);
  for (const { name, goalS } of list) {
    const { seconds } = quiet.get(`clear ${name}`) as Asked;
    results.push({
      ...{ name, value: seconds, unit: 's' },
      ...(goalS !== undefined && { goal: goalS, less: true as const }),
    });
  }
  if (encrypted !== undefined) results.push(...encryptionResults(encrypted, list, quiet));
  if (flags.against !== undefined) results.push(...againstResults(flags.against, list, quiet));
  if (perSecond > 0) results.push(...(await loudResults(list, quiet)));
  if (table !== undefined) {
    results.push(...rowResults(table, rowS, list));
    table.db.close();
  }
  const settings = {
    events: count,
    days,
    hosts,
    runs,
    perSecond,
    rows: rowCount,
    batchSize,
    sealEvents,
    seed,
  };
  report({ ...settings, encrypted: flags.encrypted }, results);
} finally {
  for (const store of stores) await store.close();
  rmSync(place, { recursive: true, force: true });
}
