/**
 * Random faults between an agent and a collector, and what came of every event: stored once or declared lost, every
 * alert raised once. VEDETTE_FAULT_SEED repeats a run, VEDETTE_FAULT_ROUNDS sets how long it is.
 */
import t from 'tap';
import { makeTempFolder } from '../temp.ts';
import { noDisksBecause } from './disks.ts';
import { runEpoch, wrongs } from './epoch.ts';

const seed = Number(process.env['VEDETTE_FAULT_SEED'] ?? Date.now() % 1_000_000);
const rounds = Number(process.env['VEDETTE_FAULT_ROUNDS'] ?? 40);

t.comment(`VEDETTE_FAULT_SEED=${seed}`);
const without = noDisksBecause();
if (without !== undefined) t.comment(`without faults of disks: ${without}`);

t.test(`${rounds} rounds, seed ${seed}`, async (t) => {
  const outcome = await runEpoch(makeTempFolder('faults-'), rounds, seed, (line) => t.comment(line));
  t.comment(JSON.stringify(outcome));
  for (const wrong of wrongs) t.equal(outcome[wrong], 0, wrong);
  t.ok(outcome.stored > 100, 'events flowed');
});
