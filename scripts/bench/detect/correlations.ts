/**
 * Correlations: events a second through the engine alone, and from columnar batches through matcher and detector.
 * `node scripts/bench/detect/correlations.ts --events N --seed N --json`
 */
import { parseArgs } from 'node:util';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { Column, ColumnarEvents } from '#shared/schema/columns.ts';
import { CorrelationEngine, compileRules, parseRules, type RuleSet } from '#shared/sigma/index.ts';
import type { BatchOrigin } from '../../../collector/detect/contract.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import { type BenchResult, report } from '../report.ts';
import { randomOf } from '../sample-events.ts';

export interface CorrelationLaneOptions {
  readonly seed: number;
  /** Events through each lane. */
  readonly events: number;
}

/** A stream in which `distinct` names take turns, each of them twice in a timespan of a minute. */
interface Lane {
  readonly name: string;
  readonly correlation: object;
  readonly distinct: number;
  readonly events: number;
  readonly goal?: number;
}

const goal = 500_000;
const batchRows = 500;
const minuteUs = 60e6;
const begin = 1_700_000_000_000_000;

const perUser = { type: 'event_count', 'group-by': ['User'], timespan: '1m', condition: { gte: 50 } };
const users = {
  ...{ type: 'value_count', 'group-by': ['host.id'], timespan: '1m' },
  condition: { field: 'User', lt: 1 },
};
const spread = {
  ...{ type: 'value_percentile', 'group-by': ['host.id'], timespan: '1m' },
  condition: { field: 'ProcessId', percentile: 95, gt: 1e9 },
};
const aDay = { timespan: '1d', condition: { gte: 3 } };

function rulesOf(correlation: object): RuleSet {
  const rule = {
    ...{ title: 'Sudo', id: 'sudo', name: 'sudo', logsource: { category: 'process_creation' } },
    detection: { s: { 'Image|endswith': '/sudo' }, condition: 's' },
  };
  const many = { title: 'Many', id: 'many', correlation: { rules: ['sudo'], ...correlation } };
  const text = `${JSON.stringify(rule)}\n---\n${JSON.stringify(many)}`;
  return compileRules(parseRules(text, 'bench.yml').documents, { specs: Object.values(eventSpecs) }).ruleSet;
}

/** Names in no order that would be kind to any index. */
function namesOf(distinct: number, seed: number): readonly string[] {
  const random = randomOf(seed);
  return Array.from({ length: distinct }, (_, i) => `user-${Math.floor(random() * 1e6).toString(36)}-${i}`);
}

interface Measured {
  readonly perSecond: number;
  readonly bytesPerGroup: number;
}

function engineAlone({ correlation, distinct, events }: Lane, seed: number): Measured {
  const { rules, correlations } = rulesOf(correlation);
  const engine = new CorrelationEngine(correlations);
  const names = namesOf(distinct, seed);
  const stepUs = minuteUs / (2 * distinct);
  const event = {
    ...{ time: 0, source: '', index: 0, user: '', number: '' },
    field: (name: string) => (name === 'User' ? event.user : name === 'ProcessId' ? event.number : 'host'),
  };
  const numbers = Array.from({ length: 1_000 }, (_, i) => String((i * 7_919) % 100_003));
  const sources = Array.from({ length: Math.ceil(events / batchRows) }, (_, i) => `host:stream:${i}:`);
  const began = performance.now();
  for (let i = 0; i < events; i++) {
    event.time = Math.floor(begin + i * stepUs);
    event.source = sources[Math.floor(i / batchRows)]!;
    event.index = i % batchRows;
    event.user = names[i % distinct]!;
    event.number = numbers[i % 1_000]!;
    engine.feed(rules[0]!, event);
  }
  const seconds = (performance.now() - began) / 1000;
  const [stats] = engine.stats.correlations;
  return { perSecond: events / seconds, bytesPerGroup: stats!.bytes / Math.max(1, stats!.groups) };
}

/** The columns of each batch of a whole turn; times are added when it is sent. */
function batchesOf(names: readonly string[]): readonly ReadonlyMap<string, Column>[] {
  const turn = Math.max(names.length, batchRows);
  return Array.from({ length: Math.ceil(turn / batchRows) }, (_, batch) => {
    const rows = Array.from(
      { length: batchRows },
      (_, row) => names[(batch * batchRows + row) % names.length]!,
    );
    const dictionary = [...new Set(rows)];
    const places = new Map(dictionary.map((name, i) => [name, i + 1]));
    return new Map<string, Column>([
      [
        'user.name',
        { kind: 'string', dictionary, index: Uint16Array.from(rows, (name) => places.get(name)!) },
      ],
      [
        'process.executable',
        { kind: 'string', dictionary: ['/usr/bin/sudo'], index: new Uint8Array(batchRows).fill(1) },
      ],
      [
        'process.pid',
        { kind: 'number', values: Float64Array.from(rows, (_, i) => (i * 7_919) % 100_003), present: null },
      ],
    ]);
  });
}

function wholePath({ correlation, distinct, events }: Lane, seed: number): Measured {
  const detector = createDetector(rulesOf(correlation));
  const batches = batchesOf(namesOf(distinct, seed));
  const stepUs = minuteUs / (2 * distinct);
  const total = Math.ceil(events / batchRows);
  const began = performance.now();
  for (let sequence = 0; sequence < total; sequence++) {
    const times = new Float64Array(batchRows);
    for (let row = 0; row < batchRows; row++)
      times[row] = Math.floor(begin + (sequence * batchRows + row) * stepUs);
    const columns = batches[sequence % batches.length]!;
    const group: ColumnarEvents = { type: 'process.start', count: batchRows, times, columns };
    detector.detect(originOf(sequence), [group], begin);
  }
  const seconds = (performance.now() - began) / 1000;
  const [stats] = detector.stats.correlations;
  return { perSecond: events / seconds, bytesPerGroup: stats!.bytes / Math.max(1, stats!.groups) };
}

function originOf(sequence: number): BatchOrigin {
  const [hostId, stream] = ['a'.repeat(16), 'b'.repeat(16)];
  return {
    ...{ hostId, hostName: 'bench', product: 'linux' },
    eventId: (_group, row) => `${hostId}:${stream}:${sequence}:${row}`,
  };
}

/** Events a second of every lane, the flatness over distinct values, and bytes a key. */
export function correlationLanes({ seed, events }: CorrelationLaneOptions): readonly BenchResult[] {
  const results: BenchResult[] = [];
  for (const [road, run] of [['engine', engineAlone] as const, ['whole path', wholePath] as const]) {
    const rate = (lane: Lane): Measured => {
      const measured = run(lane, seed);
      const { name, goal: asked } = lane;
      results.push({ name: `${name}, ${road}`, value: measured.perSecond, unit: '1/s', goal: asked });
      return measured;
    };
    for (const [type, correlation] of Object.entries({ event_count: perUser, value_count: users })) {
      const lane = (distinct: number): Lane => ({
        ...{ name: `${type}, ${distinct.toLocaleString('en')} values`, correlation, distinct, events, goal },
      });
      run(lane(18), seed);
      const [few, , most] = [18, 1_800, 180_000].map((distinct) => rate(lane(distinct)));
      const value = few!.perSecond / most!.perSecond;
      results.push({ name: `${type}, cost of 180,000 over 18, ${road}`, value, unit: 'ratio' });
    }
    rate({ name: 'percentile of 1,800', correlation: spread, distinct: 900, events });
    const keys = 1_000_000;
    const { bytesPerGroup } = rate({
      ...{ name: 'event_count, 1,000,000 keys', correlation: { ...perUser, ...aDay } },
      ...{ distinct: keys, events: Math.max(events, keys) },
    });
    results.push({
      name: `bytes a key, ${road}`,
      value: bytesPerGroup,
      unit: 'count',
      goal: 200,
      less: true,
    });
  }
  return results;
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      events: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const settings = { events: Number(flags.events), seed: Number(flags.seed) };
  report(settings, correlationLanes(settings));
}
