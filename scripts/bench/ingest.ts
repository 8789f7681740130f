/**
 * Encoded batches over wss to a collector of its own: how many events a second become durable, and detected; then for ten
 * seconds half the load asked for, at an even pace, for the delay of acknowledgements.
 * The collector is a process of its own with fsync on and the starter rules; this process is the agents.
 * --agents N --events N (in all) --batch N --half N (events a second) --seed N --json
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { parseArgs } from 'node:util';
import { type ClientOptions, WebSocket } from 'ws';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { decodeCollectorFrame, encodeFrame, subprotocol } from '#shared/protocol/frames.ts';
import { collectorName, parseToken } from '#shared/protocol/identity.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { Client } from '../../collector/cli/client.ts';
import { costOf } from './process-cost.ts';
import { percentile, report } from './report.ts';
import { randomOf, sampleEvents } from './sample-events.ts';

const { values: flags } = parseArgs({
  options: {
    agents: { type: 'string', default: '4' },
    events: { type: 'string', default: '1000000' },
    batch: { type: 'string', default: '500' },
    half: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const agents = Number(flags.agents);
const batchSize = Number(flags.batch);
const batchesPerAgent = Math.ceil(Number(flags.events) / agents / batchSize);
const halfLoad = Number(flags.half);
const halfLoadS = 10;
const paceMs = 5;
const seed = Number(flags.seed);
/** Distinct batches an agent repeats under new sequence numbers. */
const distinctBatches = 400;
const top = join(import.meta.dirname, '../..');

/** Encoded batches, the same for a seed. */
function makeBodies(): Uint8Array[] {
  const random = randomOf(seed);
  const from = Date.now() * 1000;
  return Array.from({ length: distinctBatches }, (_, i) => {
    const events = sampleEvents(random, batchSize, from + i * batchSize * 1000);
    return encodeBatch(events as unknown as EventRow[]).data;
  });
}

async function startCollector(folder: string) {
  const args = [
    'scripts/vedette.mjs',
    'collector',
    '--json',
    '--port',
    '0',
    '--agent-port',
    '0',
    '--log-level',
    'error',
    '--data',
    folder,
  ];
  const child = spawn(process.execPath, args, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const {
    api,
    agents: address,
    tokenFile,
  } = JSON.parse(line) as { api: string; agents: string; tokenFile: string };
  const client = new Client({ api, token: readFileSync(tokenFile, 'utf8').trim(), ca: undefined });
  return { child, address, client };
}

/**
 * Sends so many batches within the credit, at once or so many a second; resolves when the last is acknowledged. Gives
 * the delays of acknowledgements in seconds, from when each was to be sent.
 */
async function drive(
  identity: AgentIdentity,
  bodies: readonly Uint8Array[],
  stream: string,
  batches: number,
  perSecond = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const options: ClientOptions & ConnectionOptions = {
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
    servername: collectorName,
    perMessageDeflate: false,
  };
  const socket = new WebSocket(`wss://${identity.address}/agent`, subprotocol, options);
  await once(socket, 'open');
  socket.send(
    encodeFrame({ kind: 'hello', version: 1, pending: 0, facts: { hostname: stream, os: 'linux' } }),
  );
  const began = performance.now();
  const dueAt = (sequence: number) => began + ((sequence - 1) * 1000) / perSecond;
  const isDue = (sequence: number) => sequence <= batches && dueAt(sequence) <= performance.now();
  const sentAt: number[] = [];
  const delays: number[] = [];
  let credit = 0;
  let inFlight = 0;
  let marked = 0;
  const bodyOf = (sequence: number) => bodies[sequence % distinctBatches] as Uint8Array;
  const fill = () => {
    for (let sequence = sentAt.length + 1; isDue(sequence) && inFlight < credit; sequence++) {
      const data = bodyOf(sequence);
      inFlight += data.length;
      sentAt.push(perSecond < Number.POSITIVE_INFINITY ? dueAt(sequence) : performance.now());
      socket.send(encodeFrame({ kind: 'batch', stream, sequence, collected: sequence * batchSize, data }));
    }
  };
  const pacing = setInterval(fill, paceMs);
  return new Promise((resolve, reject) => {
    socket.on('close', (status) => reject(new Error(`closed with ${status}`)));
    socket.on('message', (message: Buffer) => {
      const frame = decodeCollectorFrame(message);
      if (!frame.ok) throw frame.error;
      if (frame.value.kind === 'hello') credit = frame.value.credit;
      if (frame.value.kind === 'ack') {
        const now = performance.now();
        for (; marked < frame.value.mark; marked++) {
          inFlight -= bodyOf(marked + 1).length;
          delays.push((now - (sentAt[marked] as number)) / 1000);
        }
        if (marked === batches) {
          clearInterval(pacing);
          socket.removeAllListeners('close');
          socket.close();
          resolve(delays);
          return;
        }
      }
      fill();
    });
  });
}

async function untilDetected(client: Client): Promise<void> {
  for (;;) {
    const { detection } = await client.get<{ detection: { lagBatches: number } }>('/status');
    if (detection.lagBatches === 0) return;
    await sleep(5);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
const bodies = makeBodies();
const { child, address, client } = await startCollector(folder);
try {
  const identities: AgentIdentity[] = [];
  for (let i = 0; i < agents; i++) {
    const { token } = await client.call<{ token: string }>('POST', '/enrolment-tokens', {}, {});
    const ticket = parseToken(token);
    if (!ticket.ok) throw ticket.error;
    identities.push(await enrol(ticket.value, { hostname: `bench-${i}`, os: 'linux' }, address));
  }
  const before = costOf(child.pid as number);
  const ownBefore = process.cpuUsage();
  const began = performance.now();
  const delays = (
    await Promise.all(
      identities.map((id, i) => drive(id, bodies, String(i).padStart(16, '0'), batchesPerAgent)),
    )
  ).flat();
  const durableS = (performance.now() - began) / 1000;
  await untilDetected(client);
  const detectedS = (performance.now() - began) / 1000;
  const after = costOf(child.pid as number);
  const own = process.cpuUsage(ownBefore);
  const events = agents * batchesPerAgent * batchSize;
  const status = await client.get<{
    journal: { events: number; sizeBytes: number };
    detection: { rules: number };
  }>('/status');
  const pace = halfLoad / agents / batchSize;
  const evenDelays = (
    await Promise.all(
      identities.map((id, i) =>
        drive(id, bodies, String(agents + i).padStart(16, '0'), Math.ceil(pace * halfLoadS), pace),
      ),
    )
  ).flat();
  report({ agents, events, batchSize, halfLoad, seed, rules: status.detection.rules, fsync: true }, [
    { name: 'durable (last acknowledgement)', value: events / durableS, unit: '1/s', goal: 100_000 },
    { name: 'durable and detected', value: events / detectedS, unit: '1/s', goal: 100_000 },
    { name: 'acknowledgement delay at full load, median', value: percentile(delays, 0.5), unit: 's' },
    { name: 'acknowledgement delay at full load, p99', value: percentile(delays, 0.99), unit: 's' },
    { name: `acknowledgement delay at ${halfLoad}/s, median`, value: percentile(evenDelays, 0.5), unit: 's' },
    { name: `acknowledgement delay at ${halfLoad}/s, p99`, value: percentile(evenDelays, 0.99), unit: 's' },
    { name: "collector's CPU, of one core", value: (after.cpuS - before.cpuS) / detectedS, unit: 'ratio' },
    {
      name: "this process's CPU, of one core",
      value: (own.user + own.system) / 1e6 / detectedS,
      unit: 'ratio',
    },
    { name: "collector's peak memory", value: after.peakBytes, unit: 'B' },
    {
      name: 'journal bytes an event (goal 110)',
      value: status.journal.sizeBytes / status.journal.events,
      unit: 'count',
      goal: 110,
      less: true,
    },
    { name: 'events missing', value: events - status.journal.events, unit: 'count', goal: 0, less: true },
  ]);
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
