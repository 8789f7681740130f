/**
 * The delivery half of an agent with a scripted sensor: emits numbered events until it is killed or told to end.
 * Arguments: folder of an enrolled agent, address of the collector, first number, events a second.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '#shared/config.ts';
import { agentSettings } from '../../agent/config.ts';
import { startDelivery } from '../../agent/delivery.ts';
import { loadIdentity } from '../../agent/identity/identity.ts';
import { numbered, numberedHigh } from '../events.ts';

const [folder, address, first, perSecond] = process.argv.slice(2) as [string, string, string, string];
const identity = loadIdentity(folder);
if (identity === undefined) throw new Error(`${folder} is not enrolled`);
const config = parseConfig(agentSettings, {
  flushMs: 20,
  flushNormalMs: 20,
  batchEvents: 50,
  backoffMinMs: 20,
  backoffMaxMs: 200,
});
const delivery = startDelivery({ folder, config, identity, address, log: () => undefined });

let next = Number(first);
const tickMs = 20;
const ticking = setInterval(() => {
  for (let i = 0; i < (Number(perSecond) * tickMs) / 1000; i++, next++) {
    delivery.emit(next % 5 === 0 ? numberedHigh(next) : numbered(next));
  }
}, tickMs);

/** Stops emitting, waits until everything is acknowledged, and says how far it came. */
async function end(): Promise<void> {
  clearInterval(ticking);
  await new Promise((resolve) => setTimeout(resolve, 100));
  while (delivery.outbox.events > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await delivery.close();
  appendFileSync(join(folder, 'ended'), `${first} ${next}\n`);
  process.exit(0);
}
process.on('SIGTERM', () => void end());
process.stdout.write('runs\n');
