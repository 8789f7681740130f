/**
 * Rules over events on one core: lanes of realistic events against a corpus of Sigma rules, then against ten and
 * thirty times as many. The corpus is a folder of rules or the archive beside the checkout.
 * --rules PATH --events N (a round) --rounds N --correlated N (events a lane of correlations) --times 1,10,30 --lane NAME --batch N --seed N --json
 * Run with node --expose-gc for figures of memory.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { compileRules, Matcher, parseRules, type RuleSet, type SigmaDocument } from '#shared/sigma/index.ts';
import { JsonEvaluation } from '#shared/sigma/json/evaluation.ts';
import { readRuleFiles } from '../../collector/rules/files.ts';
import type { CompileCost } from './detect/compile.ts';
import { correlationLanes } from './detect/correlations.ts';
import { type Batch, batchesOf, jsonOf, type Lane, lanes } from './detect/lanes.ts';
import { withVariants } from './detect/variants.ts';
import { type BenchResult, percentile, report } from './report.ts';
import { randomOf } from './sample-events.ts';

const { values: flags } = parseArgs({
  options: {
    rules: { type: 'string' },
    events: { type: 'string', default: '50000' },
    times: { type: 'string', default: '1,10,30' },
    lane: { type: 'string' },
    batch: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    correlated: { type: 'string', default: '2000000' },
    json: { type: 'boolean', default: false },
  },
});
const results: BenchResult[] = [];
const say = (text: string) => process.stderr.write(`${text}\n`);
const seed = Number(flags.seed);
const specs = Object.values(eventSpecs);
const archive = join(import.meta.dirname, '../../../shared/sigma/sigmahq.tar.gz');
const folders = [
  'rules',
  'rules-emerging-threats',
  'rules-threat-hunting',
  'rules-compliance',
  'rules-placeholder',
];

async function readCorpus() {
  if (flags.rules !== undefined) return readAll([flags.rules]);
  if (!existsSync(archive)) throw new Error(`There is no ${archive}; name a folder of rules with --rules.`);
  const folder = mkdtempSync(join(tmpdir(), 'vedette-rules-'));
  try {
    execFileSync('tar', ['xzf', archive, '-C', folder]);
    return await readAll(folders.map((name) => join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function readAll(paths: readonly string[]) {
  const script = join(import.meta.dirname, 'detect/compile.ts');
  const out = execFileSync(process.execPath, [script, ...paths], { encoding: 'utf8' });
  const { rules, readS, compileS, peakBytes } = JSON.parse(out) as CompileCost;
  results.push(
    { name: 'rules', value: rules, unit: 'count' },
    { name: 'read rules', value: readS, unit: 's' },
    { name: 'compile rules', value: compileS, unit: 's' },
    { name: 'read and compile', value: readS + compileS, unit: 's', goal: 2, less: true },
    { name: 'peak memory of a process that does', value: peakBytes, unit: 'B', goal: 250e6, less: true },
  );
  return (await readRuleFiles(paths)).texts;
}

/** A matcher with plans made, and what they take. */
interface Planned {
  readonly times: number;
  readonly matcher: Matcher;
  readonly planS: number;
  readonly bytes: number;
}

const heapBytes = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** Lets the matcher see other events of the lane, so that code is warm and plans have settled. */
function plan(lane: Lane, times: number, { rules }: RuleSet): Planned {
  const size = Number(flags.batch);
  const warmUp = batchesOf(lane, randomOf(seed + 1_000), Number(flags.events) / 2, size);
  const before = heapBytes();
  const matcher = new Matcher(rules, specs, (rule, error) => {
    throw new Error(`${rule.rule.title}: ${String(error)}`);
  });
  const start = performance.now();
  for (const { schema } of lane.sources)
    matcher.matchAs({ ...warmUp[0]!.events, count: 0 }, schema, () => {});
  const planS = (performance.now() - start) / 1e3;
  for (const { schema, events } of warmUp) matcher.matchAs(events, schema, () => {});
  return { times, matcher, planS, bytes: heapBytes() - before };
}

interface Pass {
  readonly secondsPerEvent: number;
  readonly matches: number;
}

/** One pass over events the matcher has not seen; their popular values it has. */
function pass({ matcher }: Planned, batches: readonly Batch[]): Pass {
  let matches = 0;
  const start = process.cpuUsage();
  for (const { schema, events } of batches) matcher.matchAs(events, schema, () => matches++);
  const { user, system } = process.cpuUsage(start);
  const count = batches.reduce((sum, { events }) => sum + events.count, 0);
  return { secondsPerEvent: (user + system) / 1e6 / count, matches };
}

/** What an agent on Linux would hold: the rules for its product, their plans, and what is remembered of values. */
function agentProfile(): void {
  const [lane] = lanes;
  const warmUp = batchesOf(lane!, randomOf(seed + 1_000), 20_000, Number(flags.batch));
  const before = heapBytes();
  const linux = texts.filter(({ text }) => /^\s+product: linux\b/m.test(text));
  const { ruleSet } = compileRules(
    linux.flatMap(({ file, text }) => [...parseRules(text, file).documents]),
    { specs },
  );
  const matcher = new Matcher(ruleSet.rules, specs, () => {});
  for (const { schema, events } of warmUp) matcher.matchAs(events, schema, () => {});
  results.push(
    { name: 'agent profile, rules for Linux', value: ruleSet.rules.length, unit: 'count' },
    { name: 'agent profile, memory', value: heapBytes() - before, unit: 'B', goal: 12e6, less: true },
  );
}

/** JSON lines in, parsed and made columns of by the engine itself. */
function jsonLane(lane: Lane, ruleSet: RuleSet): void {
  const fail = (_: unknown, error: unknown) => {
    throw new Error(String(error));
  };
  const quiet = { onMatch: () => {}, onFiring: () => {}, onBad: () => {}, onFault: fail };
  const evaluations = new Map(
    lane.sources.map((source) => [
      source,
      new JsonEvaluation(ruleSet, quiet, { logsource: source.logsource }),
    ]),
  );
  const read = (from: number) =>
    batchesOf(lane, randomOf(from), Number(flags.events), Number(flags.batch)).map((batch) => ({
      evaluation: evaluations.get(batch.source)!,
      bytes: jsonOf(batch),
    }));
  const secondsPerEvent: number[] = [];
  for (let round = -1; round < Number(flags.rounds); round++) {
    const chunks = read(seed + round + 2_000);
    const start = process.cpuUsage();
    for (const { evaluation, bytes } of chunks) evaluation.push(bytes);
    const { user, system } = process.cpuUsage(start);
    if (round >= 0) secondsPerEvent.push((user + system) / 1e6 / Number(flags.events));
  }
  const perEvent = median(secondsPerEvent);
  say(`${lane.name}, JSON lines: ${Math.round(1 / perEvent)} events/s`);
  results.push({ name: `${lane.name}, JSON lines`, value: 1 / perEvent, unit: '1/s' });
}

/** The sets of rules take turns on the same events, so that a slow moment of the machine hits all of them. */
function runLane(lane: Lane, sets: ReadonlyMap<number, RuleSet>): void {
  const corpus = sets.get(1);
  if (corpus !== undefined) jsonLane(lane, corpus);
  const planned = [...sets].map(([times, set]) => plan(lane, times, set));
  const passes = planned.map((): Pass[] => []);
  for (let round = 0; round < Number(flags.rounds); round++) {
    const batches = batchesOf(lane, randomOf(seed + round), Number(flags.events), Number(flags.batch));
    for (const [i, one] of planned.entries()) passes[i]!.push(pass(one, batches));
  }
  for (const [i, one] of planned.entries()) tell(lane, one, passes[i]!, passes[0]!);
}

const median = (values: readonly number[]) => percentile(values, 0.5);

function tell(
  lane: Lane,
  { times, planS, bytes }: Planned,
  passes: readonly Pass[],
  first: readonly Pass[],
): void {
  const name = `${lane.name}, ${times === 1 ? 'corpus' : `${times} times the corpus`}`;
  const perEvent = median(passes.map((p) => p.secondsPerEvent));
  const goal = times === 1 ? lane.goal : undefined;
  say(`${name}: ${Math.round(1 / perEvent)} events/s`);
  results.push(
    { name, value: 1 / perEvent, unit: '1/s', ...(goal === undefined ? {} : { goal }) },
    { name: '  per event', value: perEvent, unit: 's' },
    { name: '  matches of an event', value: passes[0]!.matches / Number(flags.events), unit: 'ratio' },
    { name: '  making plans', value: planS, unit: 's' },
    { name: '  memory of plans and values', value: bytes, unit: 'B' },
  );
  if (times === 1) return;
  const more = passes.map((p, round) => p.secondsPerEvent / first[round]!.secondsPerEvent - 1);
  const asked = times === 10 ? { goal: 0.3, less: true as const } : {};
  results.push({
    name: '  costs more than the corpus alone by',
    value: median(more),
    unit: 'ratio',
    ...asked,
  });
}

// First, because collecting the garbage of a gigabyte of rules would be counted as theirs.
if (flags.lane === undefined) {
  say('correlations');
  results.push(...correlationLanes({ seed, events: Number(flags.correlated) }));
}
const texts = await readCorpus();
const documents: SigmaDocument[] = texts.flatMap(({ file, text }) => [...parseRules(text, file).documents]);
agentProfile();
const sets = new Map<number, RuleSet>();
for (const times of flags.times.split(',').map(Number)) {
  const more = times === 1 ? documents : withVariants(documents, times, randomOf(seed));
  sets.set(times, compileRules(more, { specs }).ruleSet);
}
for (const lane of lanes) if (flags.lane === undefined || lane.name === flags.lane) runLane(lane, sets);
report(
  { seed, events: Number(flags.events), batch: Number(flags.batch), rounds: Number(flags.rounds) },
  results,
);
