/**
 * The indexed engine against the naive one of the tests, on random rules and events: --pairs N (a million unless said)
 * --seed N. With --corpus on every public rule and every event made from one, all against all. Exits 1 when they
 * disagree, with the smallest counterexample. --json prints one document last.
 */
import { parseArgs } from 'node:util';
import { tryRandom } from '../test/shared/sigma/agreement/random.ts';
import { agreeOnCorpus, makeEvents, told } from '../test/shared/sigma/corpus/agree.ts';
import { readPublicRules, skip } from '../test/shared/sigma/corpus/rules.ts';
import { type BenchResult, report } from './bench/report.ts';

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const wanted = Number(flags.pairs);
const seed = Number(flags.seed);
if (!(wanted > 0) || !Number.isSafeInteger(seed)) {
  console.error('agree: --pairs takes a count above 0 and --seed a whole number');
  process.exit(2);
}
/** Lists of rules and events tried between two lines of progress. */
const runsAtOnce = 1_000;

function disagreements(count: number): BenchResult {
  return { name: 'disagreements', value: count, unit: 'count', goal: 0, less: true };
}

function onRandom(): readonly BenchResult[] {
  let pairs = 0;
  let matched = 0;
  let counterexample: string | null = null;
  for (let round = 0; pairs < wanted && counterexample === null; round++) {
    const tried = tryRandom(runsAtOnce, seed + round);
    pairs += tried.pairs;
    matched += tried.matched;
    counterexample = tried.counterexample;
    console.error(`${pairs} pairs of rule and event, ${matched} of them match`);
  }
  if (counterexample !== null) console.error(counterexample);
  return [
    { name: 'pairs of rule and event', value: pairs, unit: 'count', goal: wanted },
    { name: 'share that match', value: matched / pairs, unit: 'ratio' },
    disagreements(counterexample === null ? 0 : 1),
  ];
}

function onCorpus(): readonly BenchResult[] {
  const rules = readPublicRules();
  const { events, without } = makeEvents(rules);
  for (const { rule, reason } of without) console.error(`no hit made for ${rule.file}: ${reason}`);
  const {
    disagreements: found,
    pairs,
    matches,
  } = agreeOnCorpus(rules, events, Infinity, (done) => console.error(`${done} of ${events.length} events`));
  for (const one of found.slice(0, 20)) console.error(told(one));
  const hits = events.filter((e) => e.isHit).length;
  return [
    { name: 'rules', value: rules.accepted.length, unit: 'count' },
    { name: 'rules a hit was made for', value: hits / rules.accepted.length, unit: 'ratio', goal: 0.99 },
    { name: 'events', value: events.length, unit: 'count' },
    { name: 'pairs of rule and event', value: pairs, unit: 'count' },
    { name: 'matches', value: matches, unit: 'count' },
    disagreements(found.length),
  ];
}

if (flags.corpus && skip !== false) {
  console.error(`agree: ${skip}`);
  process.exit(2);
}
const results = flags.corpus ? onCorpus() : onRandom();
report(flags.corpus ? { corpus: true } : { pairs: wanted, seed }, results);
process.exitCode = results.at(-1)?.value === 0 ? 0 : 1;
