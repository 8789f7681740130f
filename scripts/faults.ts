/**
 * Random faults between an agent and a collector, many times over: every event stored once or declared lost, every
 * alert raised once. Every so many rounds both sides heal and are checked, and the next begin on fresh folders.
 * With --sealing it is the sealer alone that is killed, at random moments of sealing and merging.
 * --rounds N --seed N --epoch N (rounds between checks) --sealing --verbose --json
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { noDisksBecause } from '../test/faults/disks.ts';
import { type Outcome, runEpoch, wrongs } from '../test/faults/epoch.ts';
import { killSealers } from '../test/faults/sealing.ts';
import { makeTempFolder } from '../test/temp.ts';
import { report } from './bench/report.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    epoch: { type: 'string', default: '25' },
    sealing: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const seed = Number(flags.seed);
const perEpoch = Number(flags.epoch);
if (![rounds, seed, perEpoch].every(Number.isSafeInteger) || rounds < 1 || perEpoch < 1) {
  console.error('faults: --rounds, --seed and --epoch take whole numbers.');
  process.exit(2);
}

if (flags.sealing) {
  const place = makeTempFolder('sealing-');
  const outcome = await killSealers(place, rounds, seed).finally(() => rmSync(place, { recursive: true }));
  report({ rounds, seed }, [
    { name: 'kills', value: outcome.kills, unit: 'count' },
    { name: 'events', value: outcome.events, unit: 'count' },
    { name: 'runs of sealing', value: outcome.sealed, unit: 'count' },
    { name: 'merged segments at once', value: outcome.merged, unit: 'count' },
    { name: 'events lost, doubled or changed', value: outcome.wrong, unit: 'count', goal: 0, less: true },
  ]);
  process.exit(outcome.wrong === 0 ? 0 : 1);
}

function add(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + n;
}

let isInterrupted = false;
/** The round comes to its end, both sides heal and are checked; mounts and processes do not stay behind. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isInterrupted = true));

const began = performance.now();
const faults: Record<string, number> = {};
const lost: Record<string, number> = {};
const sums: Record<string, number> = {};
for (let done = 0, epoch = 0; done < rounds && !isInterrupted; epoch++) {
  const now = Math.min(perEpoch, rounds - done);
  const log = (line: string) => flags.verbose && console.log(`  ${line}`);
  const place = makeTempFolder('faults-');
  const outcome: Outcome = await runEpoch(place, now, seed + epoch, log, () => isInterrupted);
  done += outcome.rounds;
  add(faults, outcome.faults);
  add(lost, outcome.lost);
  add(sums, { rounds: outcome.rounds, events: outcome.events, stored: outcome.stored });
  add(sums, Object.fromEntries(wrongs.map((wrong) => [wrong, outcome[wrong]])));
  const isWell = wrongs.every((wrong) => outcome[wrong] === 0);
  const seconds = Math.round((performance.now() - began) / 1000);
  const figures = isWell
    ? `${outcome.events} events`
    : `WRONG (seed ${seed + epoch}): ${JSON.stringify(outcome)}`;
  console.log(`${done}/${rounds} rounds, ${seconds} s: ${figures}`);
}
const seconds = (performance.now() - began) / 1000;
const byKind = Object.entries(faults).map(([name, n]) => `${name} ${n}`);
console.log(
  `\n${sums['events']} events, ${sums['rounds']} rounds (${byKind.join(', ')}), ${Math.round(seconds)} s; ` +
    `lost undeclared ${sums['undeclared']}, duplicates ${sums['duplicates']}, ` +
    `alerts missing ${sums['alertsMissing']}, doubled ${sums['alertsDoubled']}`,
);
const without = noDisksBecause();
report({ rounds, seed, perEpoch, faults, lost, ...(without !== undefined && { withoutDisks: without }) }, [
  { name: 'rounds of faults', value: sums['rounds'] ?? 0, unit: 'count' },
  { name: 'events collected', value: sums['events'] ?? 0, unit: 'count' },
  { name: 'events stored', value: sums['stored'] ?? 0, unit: 'count' },
  { name: 'time', value: seconds, unit: 's' },
  ...wrongs.map((name) => ({ name, value: sums[name] ?? 0, unit: 'count', goal: 0, less: true as const })),
]);
process.exitCode = wrongs.some((wrong) => sums[wrong] !== 0) ? 1 : 0;
