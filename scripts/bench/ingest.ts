/**
 * Encoded batches over wss to a collector of its own: how many events a second become durable, and detected; then for ten
 * seconds half the load asked for, at an even pace, for the delay of acknowledgements.
 * The collector is a process of its own with fsync on and the starter rules; this process is the agents.
 * --agents N --events N (in all) --batch N --half N (events a second) --seed N --json
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from '../../collector/cli/client.ts';
import { drive, enrolHosts, makeBodies, startCollector } from './drive.ts';
import { costOf } from './process-cost.ts';
import { percentile, report } from './report.ts';

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
const seed = Number(flags.seed);

async function untilDetected(client: Client): Promise<void> {
  for (;;) {
    const { detection } = await client.get<{ detection: { lagBatches: number } }>('/status');
    if (detection.lagBatches === 0) return;
    await sleep(5);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
const bodies = makeBodies(seed, batchSize);
const { child, address, client } = await startCollector(folder);
try {
  const identities = await enrolHosts(client, address, agents);
  const before = costOf(child.pid as number);
  const ownBefore = process.cpuUsage();
  const began = performance.now();
  const delays = (
    await Promise.all(
      identities.map((id, i) =>
        drive(id, bodies, String(i).padStart(16, '0'), { batches: batchesPerAgent, batchSize }),
      ),
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
    storage: { segments: { events: number } };
    detection: { rules: number };
  }>('/status');
  const pace = halfLoad / agents / batchSize;
  const evenDelays = (
    await Promise.all(
      identities.map((id, i) =>
        drive(id, bodies, String(agents + i).padStart(16, '0'), {
          ...{ batches: Math.ceil(pace * halfLoadS), batchSize, perSecond: pace },
        }),
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
    {
      name: 'events missing',
      // What was sealed meanwhile is in segments.
      value: events - status.journal.events - status.storage.segments.events,
      unit: 'count',
      goal: 0,
      less: true,
    },
  ]);
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
