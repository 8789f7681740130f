/**
 * A busy desk: dashboards on the live feed and searches by the second, while agents send events at an even pace; then the
 * same pace without a desk. How long the requests of a host's page take, and what ingest notices of it.
 * --clients N --searches N (a second) --events N (a second) --seconds N --seed N --json
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { drive, enrolHosts, makeBodies, startCollector } from './drive.ts';
import { costOf } from './process-cost.ts';
import { percentile, report } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    searches: { type: 'string', default: '50' },
    events: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const clients = Number(flags.clients);
const searches = Number(flags.searches);
const events = Number(flags.events);
const seconds = Number(flags.seconds);
const seed = Number(flags.seed);
const agents = 4;
const batchSize = 100;
const pagesPerSecond = 2;
/** Batches of a host between two that tell its health: ten seconds' worth. */
const healthEvery = 500;

/** Requests of a search page, in turns. */
const asked = [
  '/events?limit=50&filter=process.name:curl',
  '/events?limit=50&filter=user.name:alice%20and%20process.name:git',
  '/alerts?limit=50',
  '/events?limit=50&filter=destination.port:443',
  '/events?limit=50&filter=process.command_line:"*data/77*"',
];

const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
/** All come from one address with one token here. */
const unlimited = { requestsPerMinute: 1_000_000, tokenRequestsPerMinute: 1_000_000 };
writeFileSync(join(folder, 'collector.json'), JSON.stringify(unlimited));

// Every batch once, at the times that events of such a pace have: searches look at the newest first.
const perSecond = events / agents / batchSize;
const batches = Math.ceil(perSecond * seconds);
const bodies = makeBodies(seed, batchSize, {
  count: 2 * batches,
  gapUs: 1e6 / (perSecond * batchSize),
  healthEvery,
});

const { child, address, client, api, token } = await startCollector(folder);
const headers = { authorization: `Bearer ${token}` };

let refused = 0;
async function timed(path: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(`${api}/api/v1${path}`, { headers });
  await answer.arrayBuffer();
  if (!answer.ok) refused++;
  return (performance.now() - began) / 1000;
}

/** What the page of a host asks when it opens, all at once. */
async function hostPage(id: string): Promise<number> {
  const began = performance.now();
  const paths = [`/hosts/${id}`, '/status', `/alerts?host=${id}&limit=50`, `/hosts/${id}/certificates`];
  await Promise.all([...paths, `/events?host=${id}&type=host.health&limit=1`].map(timed));
  return (performance.now() - began) / 1000;
}

/** Calls so often a second until told to stop; what takes longer than its turn runs beside the next. */
async function evenly(perSecond: number, untilMs: number, act: () => Promise<void>): Promise<void> {
  const began = performance.now();
  const running: Promise<void>[] = [];
  for (let n = 0; performance.now() - began < untilMs; n++) {
    running.push(act());
    await sleep(Math.max(0, began + ((n + 1) * 1000) / perSecond - performance.now()));
  }
  await Promise.all(running);
}

let frames = 0;
let dropped = 0;
async function listen(): Promise<WebSocket> {
  const socket = new WebSocket(`${api.replace('http', 'ws')}/api/v1/feed`, { headers });
  socket.on('message', () => frames++);
  await once(socket, 'open');
  socket.on('close', () => dropped++);
  socket.send(JSON.stringify({ subscribe: ['alert', 'host', 'rates', 'stored'] }));
  return socket;
}

try {
  const identities = await enrolHosts(client, address, agents);
  const { items } = await client.get<{ items: readonly { id: string }[] }>('/hosts');
  const send = (run: number) =>
    Promise.all(
      identities.map((id, i) =>
        drive(id, bodies, String(run * agents + i).padStart(16, '0'), {
          ...{ batches, batchSize, perSecond, first: run * batches },
        }),
      ),
    ).then((delays) => delays.flat());
  const alone = await send(0);
  const sockets = await Promise.all(Array.from({ length: clients }, listen));
  const pages: number[] = [];
  const found: number[] = [];
  const before = costOf(child.pid as number);
  const began = performance.now();
  let turn = 0;
  const [beside] = await Promise.all([
    send(1),
    evenly(searches, seconds * 1000, async () => void found.push(await timed(asked[turn++ % asked.length]!))),
    evenly(
      pagesPerSecond,
      seconds * 1000,
      async () => void pages.push(await hostPage(items[turn % items.length]!.id)),
    ),
  ]);
  const tookS = (performance.now() - began) / 1000;
  const after = costOf(child.pid as number);
  for (const socket of sockets) socket.removeAllListeners('close').terminate();
  report({ clients, searches, events, seconds, agents, batchSize, pagesPerSecond, seed }, [
    { name: 'page of a host, median', value: percentile(pages, 0.5), unit: 's' },
    { name: 'page of a host, p95', value: percentile(pages, 0.95), unit: 's', goal: 0.2, less: true },
    { name: 'searches a second', value: found.length / tookS, unit: '1/s', goal: searches * 0.95 },
    { name: 'requests refused', value: refused, unit: 'count', goal: 0, less: true },
    { name: 'search, p95', value: percentile(found, 0.95), unit: 's' },
    {
      name: 'events a second',
      value: (batches * batchSize * agents) / tookS,
      unit: '1/s',
      goal: events * 0.95,
    },
    { name: 'acknowledgement without a desk, p99', value: percentile(alone, 0.99), unit: 's' },
    { name: 'acknowledgement beside it, p99', value: percentile(beside, 0.99), unit: 's' },
    {
      ...{ name: 'acknowledgement, beside it by without', unit: 'ratio', goal: 2, less: true },
      value: percentile(beside, 0.99) / percentile(alone, 0.99),
    },
    { name: 'frames to each client a second', value: frames / clients / tookS, unit: '1/s' },
    { name: 'clients dropped', value: dropped, unit: 'count', goal: 0, less: true },
    { name: "collector's CPU, of one core", value: (after.cpuS - before.cpuS) / tookS, unit: 'ratio' },
    { name: "collector's peak memory", value: after.peakBytes, unit: 'B' },
  ]);
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
