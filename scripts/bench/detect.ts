/**
 * Rules over events on one core: lanes of realistic events against a corpus of Sigma rules, then against ten and
 * thirty times as many. The corpus is a folder of rules or the archive beside the checkout.
 * --rules PATH --events N (a lane) --times 1,10,30 --lane NAME --batch N --seed N --json
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { compileRules, Matcher, parseRules, type RuleSet, type SigmaDocument } from '#shared/sigma/index.ts';
import { readRuleFiles } from '../../collector/rules/files.ts';
import { type Batch, batchesOf, type Lane, lanes } from './detect/lanes.ts';
import { withVariants } from './detect/variants.ts';
import { costOf } from './process-cost.ts';
import { type BenchResult, report } from './report.ts';
import { randomOf } from './sample-events.ts';

const { values: flags } = parseArgs({
  options: {
    rules: { type: 'string' },
    events: { type: 'string', default: '200000' },
    times: { type: 'string', default: '1,10,30' },
    lane: { type: 'string' },
    batch: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
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
  if (flags.rules !== undefined) return (await readRuleFiles([flags.rules])).texts;
  if (!existsSync(archive)) throw new Error(`There is no ${archive}; name a folder of rules with --rules.`);
  const folder = mkdtempSync(join(tmpdir(), 'vedette-rules-'));
  try {
    execFileSync('tar', ['xzf', archive, '-C', folder]);
    return (await readRuleFiles(folders.map((name) => join(folder, name)))).texts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Run {
  readonly eventsPerS: number;
  readonly matches: number;
}

/** One pass over events the matcher has not seen; popular values it has, from a warm-up of other events. */
function run(matcher: Matcher, warmUp: readonly Batch[], batches: readonly Batch[]): Run {
  let matches = 0;
  const match = ({ schema, events }: Batch) => matcher.matchAs(events, schema, () => matches++);
  warmUp.forEach(match);
  matches = 0;
  const start = process.cpuUsage();
  batches.forEach(match);
  const { user, system } = process.cpuUsage(start);
  const count = batches.reduce((sum, { events }) => sum + events.count, 0);
  return { eventsPerS: count / ((user + system) / 1e6), matches };
}

function runLane(lane: Lane, { rules }: RuleSet): Run & { readonly bytes: number; readonly planS: number } {
  const count = Number(flags.events);
  const warmUp = batchesOf(lane, randomOf(seed + 1), count / 4, Number(flags.batch));
  const batches = batchesOf(lane, randomOf(seed), count, Number(flags.batch));
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const matcher = new Matcher(rules, specs, (rule, error) => {
    throw new Error(`${rule.rule.title}: ${String(error)}`);
  });
  const planned = performance.now();
  for (const { schema } of lane.sources)
    matcher.matchAs({ ...warmUp[0]!.events, count: 0 }, schema, () => {});
  const planS = (performance.now() - planned) / 1e3;
  const result = run(matcher, warmUp, batches);
  globalThis.gc?.();
  const bytes = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - before;
  return { ...result, bytes, planS };
}

const results: BenchResult[] = [];
const say = (text: string) => process.stderr.write(`${text}\n`);

const texts = await readCorpus();
const started = performance.now();
const documents: SigmaDocument[] = texts.flatMap(({ file, text }) => [...parseRules(text, file).documents]);
const parsedAt = performance.now();
let compiled = compileRules(documents, { specs });
const compiledAt = performance.now();
results.push(
  { name: 'rules', value: compiled.ruleSet.rules.length, unit: 'count' },
  { name: 'read rules', value: (parsedAt - started) / 1e3, unit: 's' },
  { name: 'compile rules', value: (compiledAt - parsedAt) / 1e3, unit: 's' },
  { name: 'read and compile', value: (compiledAt - started) / 1e3, unit: 's', goal: 2, less: true },
);
globalThis.gc?.();
results.push({
  name: 'resident after compiling',
  value: costOf(process.pid).rssBytes,
  unit: 'B',
  goal: 250e6,
  less: true,
});

const chosen = lanes.filter(({ name }) => flags.lane === undefined || name === flags.lane);
const base = new Map<string, number>();
for (const times of flags.times.split(',').map(Number)) {
  if (times > 1) compiled = compileRules(withVariants(documents, times, randomOf(seed)), { specs });
  for (const lane of chosen) {
    const { eventsPerS, matches, bytes, planS } = runLane(lane, compiled.ruleSet);
    const name = `${lane.name}, ${times === 1 ? 'corpus' : `${times} times the corpus`}`;
    say(`${name}: ${Math.round(eventsPerS)} events/s`);
    const goal = times === 1 ? lane.goal : undefined;
    results.push({ name, value: eventsPerS, unit: '1/s', ...(goal === undefined ? {} : { goal }) });
    results.push({ name: '  per event', value: 1 / eventsPerS, unit: 's' });
    results.push({ name: '  matches', value: matches, unit: 'count' });
    results.push(
      { name: '  plans', value: planS, unit: 's' },
      { name: '  memory of plans and values', value: bytes, unit: 'B' },
    );
    const alone = base.get(lane.name);
    if (times === 1) base.set(lane.name, eventsPerS);
    else if (alone !== undefined)
      results.push({
        name: '  costs more than the corpus alone by',
        value: alone / eventsPerS - 1,
        unit: 'ratio',
        ...(times === 10 ? { goal: 0.3, less: true as const } : {}),
      });
  }
}
report({ seed, events: Number(flags.events), batch: Number(flags.batch) }, results);
