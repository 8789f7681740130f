/**
 * The delivery half of an agent with a scripted sensor: emits numbered events until it is killed or told to end.
 * Arguments: folder of an enrolled agent, address of the collector, first number, events a second, and optionally a
 * file that is told how many events each write to the outbox accounts for, before and after.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '#shared/config.ts';
import { lockDataFolder } from '#shared/data-folder.ts';
import { agentSettings } from '../../agent/config.ts';
import { startDelivery } from '../../agent/delivery.ts';
import { loadIdentity } from '../../agent/identity/identity.ts';
import { numbered, numberedAlarm, numberedHigh } from '../events.ts';
import { isAlarm, isHigh } from './numbers.ts';

const [folder, address, first, perSecond, journal] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const identity = loadIdentity(folder);
if (identity === undefined) throw new Error(`${folder} is not enrolled`);
const lock = lockDataFolder(folder);
const config = parseConfig(agentSettings, {
  flushMs: 20,
  flushNormalMs: 20,
  batchEvents: 50,
  backoffMinMs: 20,
  backoffMaxMs: 200,
  pingMs: 400,
  stallMs: 2000,
});
const delivery = startDelivery({ folder, config, identity, address, log: () => undefined });

if (journal !== undefined) {
  const { outbox } = delivery;
  const append = outbox.appendTogether.bind(outbox);
  outbox.appendTogether = (entries) => {
    const collected = entries.reduce((sum, entry) => sum + entry.collected, 0);
    appendFileSync(journal, `try ${collected}\n`);
    append(entries);
    appendFileSync(journal, `kept ${collected}\n`);
  };
}

function eventOf(n: number) {
  if (isAlarm(n)) return numberedAlarm(n);
  return isHigh(n) ? numberedHigh(n) : numbered(n);
}

let next = Number(first);
const tickMs = 20;
const ticking = setInterval(() => {
  for (let i = 0; i < (Number(perSecond) * tickMs) / 1000; i++, next++) delivery.emit(eventOf(next));
}, tickMs);

/** Stops emitting, waits until everything is acknowledged, and says how far it came. */
async function end(): Promise<void> {
  clearInterval(ticking);
  await new Promise((resolve) => setTimeout(resolve, 100));
  delivery.flush();
  while (delivery.outbox.batches > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await delivery.close();
  lock.release();
  appendFileSync(join(folder, 'ended'), `${first} ${next}\n`);
  process.exit(0);
}
process.on('SIGTERM', () => void end());
process.stdout.write('runs\n');
