/**
 * Records what this version's agent and collector say to each other, for the tests of later versions: a hello each
 * way, a batch of every event type (the examples of the reference), acknowledgements, pings and goodbyes. Writes
 * test/fixtures/protocol/<version>/frames.jsonl, one frame a line, once for each release. --force writes it anew.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { parseConfig } from '#shared/config.ts';
import { makeDataFolder } from '#shared/data-folder.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeAgentFrame, decodeCollectorFrame } from '#shared/protocol/frames.ts';
import { parseToken } from '#shared/protocol/identity.ts';
import { agentSettings } from '../agent/config.ts';
import { type Delivery, startDelivery } from '../agent/delivery.ts';
import { enrol } from '../agent/identity/enrol.ts';
import { type RunningCollector, startCollector } from '../collector/main.ts';
import manifest from '../package.json' with { type: 'json' };
import { readExample } from './examples/example.ts';
import { type RecordedFrame, type Relay, startRelay } from './record-protocol/relay.ts';

const root = join(import.meta.dirname, '..');
const path = join(root, 'test/fixtures/protocol', manifest.version, 'frames.jsonl');

async function until(is: () => boolean): Promise<void> {
  while (!is()) await sleep(20);
}

function kindOf({ from, data }: RecordedFrame): string {
  const decoded = from === 'agent' ? decodeAgentFrame(data) : decodeCollectorFrame(data);
  if (!decoded.ok) throw decoded.error;
  return decoded.value.kind;
}

function count(relay: Relay, from: RecordedFrame['from'], kind: string): number {
  return relay.frames.filter((frame) => frame.from === from && kindOf(frame) === kind).length;
}

/** Every event type in a batch of its own; then signs of life; then the agent says goodbye. */
async function sayEverything(delivery: Delivery, relay: Relay): Promise<void> {
  for (const type of Object.keys(eventSpecs)) {
    const example = readExample(root, type);
    if (example === undefined) throw new Error(`There is no example of ${type}.`);
    delivery.emit(example.event);
    delivery.flush();
  }
  await until(() => delivery.outbox.events === 0 && count(relay, 'collector', 'ping') > 0);
  await delivery.close();
}

async function record(folder: string): Promise<readonly RecordedFrame[]> {
  const collector: RunningCollector = await startCollector({
    folder: join(folder, 'collector'),
    overrides: { port: 0, agentPort: 0 },
    logger: pino({ level: 'silent' }),
    onFatal: (error) => {
      throw error;
    },
  });
  const { token } = await collector.enrolment.createToken({ maxUses: 1, lifeMs: 60_000 });
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  const enrolled = await enrol(ticket.value, { hostname: 'recorded', os: 'linux' });
  makeDataFolder(join(folder, 'relay'));
  const relay = await startRelay(join(folder, 'relay'), enrolled);
  const config = parseConfig(agentSettings, { pingMs: 200, backoffMinMs: 10 });
  const start = () =>
    startDelivery({
      folder,
      config,
      identity: { ...enrolled, ca: relay.ca },
      address: relay.address,
      log: () => undefined,
    });
  await sayEverything(start(), relay);
  const again = start();
  await until(() => count(relay, 'collector', 'hello') === 2);
  await collector.close();
  await until(() => count(relay, 'collector', 'bye') > 0);
  await again.close();
  relay.close();
  return relay.frames;
}

if (existsSync(path) && !process.argv.includes('--force')) {
  console.error(`${path} is there already. --force writes it anew.`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'vedette-record-'));
try {
  const frames = await record(folder);
  const lines = frames.map((frame) =>
    JSON.stringify({ from: frame.from, kind: kindOf(frame), base64: frame.data.toString('base64') }),
  );
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join('\n')}\n`);
  console.log(`${frames.length} frames in ${path}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
