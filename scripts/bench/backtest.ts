/**
 * Events through the real journal and sealer, then backtests over them through the real reader: the public Linux rules
 * of ../shared/sigma (or --rules), one rule that most of what is stored can be ruled out for, and a comparison with the
 * rules in force. Everything on the disk of --folder, removed at the end.
 * --events N --hosts N --threads N --runs N --rules PATH --seed N --folder PATH --json
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { runBacktest } from '../../collector/backtest/run.ts';
import { recordOf } from '../../collector/ingest/record.ts';
import type { RuleSource } from '../../collector/rules/rule-source.ts';
import type { BatchRecord } from '../../collector/store/journal/contract.ts';
import { openDatabase } from '../../collector/store/journal/database.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { Sealer } from '../../collector/store/segments/sealer.ts';
import { type BenchResult, percentile, report } from './report.ts';
import { randomOf, sampleEvents } from './sample-events.ts';

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    hosts: { type: 'string', default: '50' },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '3' },
    rules: { type: 'string' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const [count, hostCount, threads, runs, seed] = [
  flags.events,
  flags.hosts,
  flags.threads,
  flags.runs,
  flags.seed,
].map(Number) as [number, number, number, number, number];
if (![count, hostCount, threads, runs, seed].every((n) => Number.isSafeInteger(n) && n > 0)) {
  console.error('backtest: --events, --hosts, --threads, --runs and --seed take whole numbers from 1 on.');
  process.exit(2);
}
const batchSize = 500;
const batchesAtOnce = 64;
const sealEvents = 500_000;
const dayUs = 86_400_000_000;
const from = Date.UTC(2026, 10, 1) * 1000;
const archive = join(import.meta.dirname, '../../../shared/sigma/sigmahq.tar.gz');
/** One of the public rules, about a program that few command lines name. */
const rare = 'rules/linux/process_creation/proc_creation_lnx_base64_decode.yml';

const place = mkdtempSync(join(flags.folder, 'vedette-backtest-'));
const tell = (what: string) => console.error(`backtest: ${what}`);
const hostIdOf = (n: number) => (n % hostCount).toString(16).padStart(16, '0');
const hosts = Array.from({ length: hostCount }, (_, n) => ({
  ...{ id: hostIdOf(n), name: `host-${n}`, product: 'linux' },
}));

function unpacked(): string {
  if (flags.rules !== undefined) return flags.rules;
  if (!existsSync(archive)) throw new Error(`There is no ${archive}; name a folder of rules with --rules.`);
  const folder = join(place, 'sigma');
  mkdirSync(folder);
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  return join(folder, 'rules/linux');
}

async function fill(): Promise<void> {
  mkdirSync(join(place, 'segments'));
  const writer = openJournalWriter(join(place, 'journal.db'));
  const db = openDatabase(join(place, 'journal.db'), false);
  const random = randomOf(seed);
  const positions = new Map<string, { sequence: number; collected: number }>();
  let records: BatchRecord[] = [];
  const seal = () =>
    new Sealer(db, join(place, 'segments')).run(
      Number.MAX_SAFE_INTEGER,
      { maxEvents: sealEvents, maxBytes: 1 << 30 },
      Date.now() * 1000,
    );
  for (let n = 0; n * batchSize < count; n++) {
    const events = sampleEvents(
      random,
      batchSize,
      from + (n * batchSize * dayUs) / count,
    ) as unknown as EventRow[];
    const { data } = encodeBatch(events);
    const decoded = decodeBatch(data);
    if (!decoded.ok) throw decoded.error;
    const hostId = hostIdOf(n);
    const before = positions.get(hostId) ?? { sequence: 0, collected: 0 };
    const position = { sequence: before.sequence + 1, collected: before.collected + batchSize };
    positions.set(hostId, position);
    const receivedAt = events.at(-1)?.time ?? 0;
    const record = recordOf(
      { hostId, stream: hostId, ...position, receivedAt, data } as never,
      decoded.value,
    );
    if (!record.ok) throw record.error;
    records.push(record.value);
    if (records.length === batchesAtOnce) await writer.append(records.splice(0));
    if ((n + 1) % (sealEvents / batchSize) !== 0) continue;
    seal();
    if ((n + 1) % ((4 * sealEvents) / batchSize) === 0) tell(`${(n + 1) * batchSize} events stored`);
  }
  await writer.append(records);
  records = [];
  seal();
  await writer.close();
  db.close();
}

interface Measured {
  readonly perSecond: number;
  readonly cpuS: number;
  readonly alerts: number;
  readonly passedOver: number;
}

async function measure(name: string, candidate: RuleSource, inForce?: RuleSource): Promise<Measured> {
  const taken: Measured[] = [];
  for (let run = 0; run < runs; run++) {
    const cpu = process.cpuUsage();
    const { report: found } = await runBacktest(
      {
        journalPath: join(place, 'journal.db'),
        segmentFolder: join(place, 'segments'),
        workFolder: place,
        keyFile: '',
        ...{ candidate, hosts, threads, since: 0, until: 2 ** 52, memoryBytes: 4 * 2 ** 30 },
        ...(inForce !== undefined && { inForce }),
      },
      new URL('../../collector/backtest.worker.ts', import.meta.url),
      () => undefined,
    );
    const { user, system } = process.cpuUsage(cpu);
    const { events, seconds, alerts, rowGroups } = found;
    taken.push({
      ...{ perSecond: events.stored / seconds, cpuS: (user + system) / 1e6, alerts },
      passedOver: rowGroups.passedOver / rowGroups.all,
    });
    tell(`${name}: ${Math.round(events.stored / seconds)}/s, ${alerts} alerts`);
  }
  const median = percentile(
    taken.map(({ perSecond }) => perSecond),
    0.5,
  );
  return taken.find(({ perSecond }) => perSecond === median) as Measured;
}

const source = (path: string): RuleSource => ({ rulePaths: [path], listPaths: [], uses: [] });

try {
  const rules = unpacked();
  await fill();
  const results: BenchResult[] = [];
  const add = (name: string, { perSecond, cpuS, alerts, passedOver }: Measured, goal?: number) =>
    results.push(
      { name: `${name}: events`, value: perSecond, unit: '1/s', ...(goal !== undefined && { goal }) },
      { name: `${name}: processor time`, value: cpuS, unit: 's' },
      { name: `${name}: alerts`, value: alerts, unit: 'count' },
      { name: `${name}: row groups not read`, value: passedOver, unit: 'ratio' },
    );
  add('public Linux rules', await measure('public Linux rules', source(rules)), 300_000);
  if (flags.rules === undefined) {
    const one = source(join(place, 'sigma', rare));
    add('one rare rule', await measure('one rare rule', one), 1_000_000);
    add('one rare rule, compared', await measure('compared', one, source(rules)), 1_000_000);
  }
  report({ events: count, hosts: hostCount, threads, runs, seed }, results);
} finally {
  rmSync(place, { recursive: true, force: true });
}
