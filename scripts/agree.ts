/**
 * The indexed engine against the naive one of the tests: on random rules and events, --pairs N (a million unless
 * said) --seed N. Exits 1 with the smallest counterexample when they disagree. --json prints one document last.
 */
import { parseArgs } from 'node:util';
import { tryRandom } from '../test/shared/sigma/agreement/random.ts';
import { report } from './bench/report.ts';

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
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
report({ pairs: wanted, seed }, [
  { name: 'pairs of rule and event', value: pairs, unit: 'count', goal: wanted },
  { name: 'share that match', value: matched / pairs, unit: 'ratio' },
  { name: 'disagreements', value: counterexample === null ? 0 : 1, unit: 'count', goal: 0, less: true },
]);
process.exitCode = counterexample === null ? 0 : 1;
