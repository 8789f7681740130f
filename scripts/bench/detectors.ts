/**
 * What detectors cost: detection of mixed Linux events of a fleet by the public corpus and the starter pack, with the
 * rules upon findings and without, in turns within one run; each detector alone; the size of what they hold; and
 * advisories, made up, imported, indexed and looked up.
 *
 * --events N (a round) --rounds N --hosts N --advisories N --rules FOLDER|ARCHIVE --seed N --json
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDetector } from '#shared/detect/detector.ts';
import { indexOfRecords } from '#shared/detect/detectors/advisory/index-of-records.ts';
import { recordsOfOsv } from '#shared/detect/detectors/advisory/osv.ts';
import type { RuleSet } from '#shared/sigma/index.ts';
import { loadRules, packListsPath, packPath } from '../../collector/rules/load.ts';
import { batchesOf, lanes } from './detect/lanes.ts';
import { type BenchResult, percentile, report } from './report.ts';
import { randomOf } from './sample-events.ts';

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '7' },
    hosts: { type: 'string', default: '20' },
    advisories: { type: 'string', default: '100000' },
    rules: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(flags.seed);
const hosts = Number(flags.hosts);
const count = Number(flags.events);
const batchSize = 500;
const results: BenchResult[] = [];
const archive = join(import.meta.dirname, '../../../shared/sigma/sigmahq.tar.gz');

/** The folder of the corpus, and how it is cleared away. */
function corpus(): { readonly folders: readonly string[]; readonly clear: () => void } {
  if (flags.rules !== undefined) return { folders: [flags.rules], clear: () => undefined };
  if (!existsSync(archive)) return { folders: [], clear: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'vedette-rules-'));
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  return { folders: [join(folder, 'rules')], clear: () => rmSync(folder, { recursive: true }) };
}

const asksForFindings = ({ rule }: RuleSet['rules'][number]) => rule.logsource.product === 'vedette';
const without = (ruleSet: RuleSet): RuleSet => ({
  ...ruleSet,
  rules: ruleSet.rules.filter((one) => !asksForFindings(one)),
});

/** Batches of the lane as hosts send them, event times going on from round to round. */
function fleetBatches(round: number) {
  const batches = batchesOf(lanes[0]!, randomOf(seed + round), count, batchSize);
  // Twenty hosts that send five hundred events a second between them.
  const secondsOf = (at: number) => 1_800_000_000 + (round * count + at) / 500;
  let done = 0;
  return batches.map(({ events }, i) => {
    const times = Float64Array.from({ length: events.count }, (_, row) => secondsOf(done + row) * 1e6);
    done += events.count;
    const host = `host-${i % hosts}`;
    const origin = {
      ...{ hostId: host, hostName: host, product: 'linux' },
      eventId: (_: number, row: number) => `${host}:${round}:${i}:${row}`,
    };
    return { origin, groups: [{ ...events, times }] };
  });
}

function cpuOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

async function costs(): Promise<void> {
  const { folders, clear } = corpus();
  const { ruleSet } = await loadRules([packPath, ...folders], [packListsPath]);
  clear();
  const lanesOfRules = {
    with: createDetector(ruleSet),
    without: createDetector(without(ruleSet)),
  };
  const pairs: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < Number(flags.rounds); round++) {
    const batches = fleetBatches(round);
    const one = (detector: (typeof lanesOfRules)['with']) =>
      cpuOf(() => {
        for (const { origin, groups } of batches) detector.detect(origin, groups, 0);
      });
    const [a, b] =
      round % 2 === 0
        ? [one(lanesOfRules.with), one(lanesOfRules.without)]
        : [one(lanesOfRules.without), one(lanesOfRules.with)].reverse();
    // The first round makes plans and warms code.
    if (round === 0) continue;
    pairs.push(a! / b! - 1);
    seconds.push((a! - b!) / count);
  }
  const { bytes, detectors } = lanesOfRules.with.detectors;
  results.push(
    { name: 'rules', value: ruleSet.rules.length, unit: 'count' },
    {
      name: 'more CPU time with detectors',
      value: percentile(pairs, 0.5),
      unit: 'ratio',
      goal: 0.15,
      less: true,
    },
    { name: 'CPU time of detectors an event', value: percentile(seconds, 0.5), unit: 's' },
    { name: 'memory of detectors', value: bytes, unit: 'B' },
    { name: 'findings', value: detectors.reduce((sum, one) => sum + one.findings, 0), unit: 'count' },
  );
  let snapshot: Uint8Array | null = null;
  results.push({
    name: 'CPU time of a snapshot',
    value: cpuOf(() => (snapshot = lanesOfRules.with.snapshot())),
    unit: 's',
  });
  results.push({ name: 'snapshot', value: (snapshot as Uint8Array | null)?.length ?? 0, unit: 'B' });
  for (const { name } of detectors)
    results.push({ name: `${name} alone, an event`, value: aloneOf(ruleSet, name), unit: 's' });
}

/** CPU seconds of one detector for each event of the lane. */
function aloneOf(ruleSet: RuleSet, name: string): number {
  const rules = ruleSet.rules.filter((one) => asksForFindings(one) && one.rule.logsource.service === name);
  const detector = createDetector({ ...ruleSet, rules, correlations: [] });
  const idle = createDetector({ ...ruleSet, rules: [], correlations: [] });
  const each = [0, 1, 2].map((round) => {
    const batches = fleetBatches(round);
    const one = (of: typeof detector) =>
      cpuOf(() => {
        for (const { origin, groups } of batches) of.detect(origin, groups, 0);
      });
    return (one(detector) - one(idle)) / count;
  });
  return Math.max(0, percentile(each.slice(1), 0.5));
}

const names = ['openssl', 'curl', 'zlib', 'bash', 'nginx', 'python3', 'perl', 'sudo', 'git', 'tar'];

/** Looks like what OSV has of Debian: a few releases, each with a range. */
function madeUp(n: number): unknown {
  const name = `${names[n % names.length]}-${Math.floor(n / 20)}`;
  return {
    id: `DSA-${n}`,
    summary: `A made-up vulnerability of ${name}, number ${n}, which allows this and that`,
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }],
    affected: [11, 12, 13].map((release) => ({
      package: { ecosystem: `Debian:${release}`, name },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: `1.${n % 40}-${release}` }] }],
      versions: ['1.0-1', '1.1-1', '1.2-1'],
    })),
  };
}

function advisories(): void {
  const all = Number(flags.advisories);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const began = process.cpuUsage();
  const records = Array.from({ length: all }, (_, n) => recordsOfOsv(madeUp(n)) ?? []).flat();
  const index = indexOfRecords(records, 1);
  const { user, system } = process.cpuUsage(began);
  globalThis.gc?.();
  const bytes = process.memoryUsage().heapUsed - before;
  const lookUps = 20_000;
  const spent = cpuOf(() => {
    for (let n = 0; n < lookUps; n++)
      index.matching('deb', `${names[n % names.length]}-${n % 4_000}`, '1.20-1');
  });
  results.push(
    { name: 'advisories', value: all, unit: 'count' },
    { name: 'CPU time to read and index them', value: (user + system) / 1e6, unit: 's' },
    { name: 'memory of them', value: bytes, unit: 'B' },
    { name: 'CPU time of a package compared with them', value: spent / lookUps, unit: 's' },
  );
}

await costs();
advisories();
report({ ...flags }, results);
