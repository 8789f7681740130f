/**
 * A fleet of simulated agents, real TLS and frames, on a collector of its own with fsync on: memory of an idle
 * connection, delays of acknowledgements at steady load, and how they come back after a restart of the collector.
 * --agents N --events N (a second, in all) --batch N (events) --seconds N (of load) --processes N --seed N --json
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { makeRequest } from '../../agent/identity/certificate-request.ts';
import { openAuthority } from '../../collector/fleet/authority.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import type { FleetFile, FleetOrder, FleetState } from './fleet/agents.ts';
import type { Credentials } from './fleet/simulated-agent.ts';
import { costOf } from './process-cost.ts';
import { percentile, report } from './report.ts';
import { randomOf, sampleEvents } from './sample-events.ts';

const { values: flags } = parseArgs({
  options: {
    agents: { type: 'string', default: '2000' },
    events: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [count, perSecond, batchEvents, seconds, processes, seed] = [
  flags.agents,
  flags.events,
  flags.batch,
  flags.seconds,
  flags.processes,
  flags.seed,
].map(Number) as [number, number, number, number, number, number];
/** Files a process has open besides its connections. */
const spareFiles = 200;
const pollMs = 100;
const settleMs = 5000;
const top = join(import.meta.dirname, '../..');

function needFiles(): void {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (most >= count + spareFiles) return;
  console.error(
    `fleet: ${count} agents need ${count + spareFiles} open files and ${most} are allowed: raise it with \`ulimit -n\`.`,
  );
  process.exit(2);
}

/** Hosts with certificates of their own, signed and recorded as enrolment would, before the collector starts. */
async function enrolAll(folder: string): Promise<{ ca: string; agents: Credentials[] }> {
  const pki = join(folder, 'pki');
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  const authority = await openAuthority(pki);
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  const agents: Credentials[] = [];
  for (let n = 0; n < count; n++) {
    const hostId = randomBytes(8).toString('hex');
    const { key, csr } = makeRequest();
    const signed = await authority.signAgent(csr, hostId);
    if (!signed.ok) throw signed.error;
    await control.hosts.add(hostId, { hostname: `fleet-${n}`, os: 'linux' }, Date.now() * 1000);
    agents.push({ hostId, key, certificate: signed.value });
  }
  await control.close();
  return { ca: authority.trust, agents };
}

async function startCollector(folder: string, agentPort: string) {
  const ports = ['--port', '0', '--agent-port', agentPort];
  const args = [
    'scripts/vedette.mjs',
    'collector',
    '--json',
    ...ports,
    '--log-level',
    'error',
    '--data',
    folder,
  ];
  const child = spawn(process.execPath, args, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, pid: child.pid as number, address: (JSON.parse(line) as { agents: string }).agents };
}

class Fleet {
  readonly #children: readonly ChildProcess[];

  constructor(file: FleetFile, path: string) {
    writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
    const each = Math.ceil(count / processes);
    this.#children = Array.from({ length: processes }, (_, i) =>
      fork(join(import.meta.dirname, 'fleet/agents.ts'), [path, String(i * each), String((i + 1) * each)]),
    );
  }

  order(order: FleetOrder): void {
    for (const child of this.#children) child.send(order);
  }

  async state(): Promise<FleetState> {
    const states = await Promise.all(
      this.#children.map(async (child) => {
        const answer = once(child, 'message');
        child.send({ order: 'tell' } satisfies FleetOrder);
        return ((await answer) as [FleetState])[0];
      }),
    );
    const sum = (name: 'connected' | 'pending' | 'acknowledged' | 'attempts') =>
      states.reduce((total, state) => total + state[name], 0);
    return {
      connected: sum('connected'),
      pending: sum('pending'),
      acknowledged: sum('acknowledged'),
      attempts: sum('attempts'),
      delaysMs: states.flatMap((state) => state.delaysMs),
    };
  }

  /** Seconds until the state is as wanted, and the most connections that came up within one second. */
  async until(is: (state: FleetState) => boolean): Promise<{ seconds: number; peakPerSecond: number }> {
    const began = performance.now();
    const seen: { at: number; connected: number }[] = [];
    let peakPerSecond = 0;
    for (;;) {
      const state = await this.state();
      const at = (performance.now() - began) / 1000;
      seen.push({ at, connected: state.connected });
      const before = seen.findLast((s) => s.at <= at - 1) ?? { connected: 0 };
      peakPerSecond = Math.max(peakPerSecond, state.connected - before.connected);
      if (is(state)) return { seconds: at, peakPerSecond };
      await sleep(pollMs);
    }
  }

  end(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

needFiles();
const folder = mkdtempSync(join(tmpdir(), 'vedette-fleet-'));
let collector: Awaited<ReturnType<typeof startCollector>> | undefined;
let fleet: Fleet | undefined;
const tell = (what: string) => console.error(`fleet: ${what}`);
try {
  tell(`${count} hosts get their certificates`);
  const { ca, agents } = await enrolAll(folder);
  collector = await startCollector(folder, '0');
  const { address } = collector;
  const random = randomOf(seed);
  const events = sampleEvents(random, batchEvents, Date.now() * 1000);
  const data = Buffer.from(encodeBatch(events as unknown as EventRow[]).data).toString('base64');
  fleet = new Fleet({ ca, address, data, batchEvents, agents }, join(folder, 'fleet.json'));
  await fleet.state();
  // What the first connections load and compile is not theirs.
  const firstEach = Math.min(50, Math.ceil(count / processes / 10));
  fleet.order({ order: 'connect', count: firstEach });
  const few = firstEach * processes;
  await fleet.until((state) => state.connected === few);
  await sleep(settleMs);
  const warm = costOf(collector.pid).rssBytes;
  tell('all connect');
  const areAll = (state: FleetState) => state.connected === count;
  const connecting = fleet.until(areAll);
  fleet.order({ order: 'connect', count });
  const first = await connecting;
  await sleep(settleMs);
  const idle = costOf(collector.pid).rssBytes;
  tell(`${seconds} s of ${perSecond} events/s`);
  const before = costOf(collector.pid).cpuS;
  await fleet.state();
  fleet.order({ order: 'load', everyMs: (count * batchEvents * 1000) / perSecond });
  await sleep(seconds * 1000);
  const loaded = await fleet.state();
  const cpuShare = (costOf(collector.pid).cpuS - before) / seconds;
  tell('the collector restarts under load');
  const attemptsBefore = loaded.attempts;
  const ended = once(collector.child, 'exit');
  collector.child.kill('SIGTERM');
  await ended;
  collector = await startCollector(folder, address.split(':')[1] as string);
  const back = await fleet.until(areAll);
  const drained = await fleet.until((state) => state.pending < count / 2);
  const { attempts } = await fleet.state();
  fleet.order({ order: 'load', everyMs: 0 });
  await fleet.until((state) => state.pending === 0);
  const settings = { agents: count, perSecond, batchEvents, seconds, processes, seed, fsync: true };
  report(settings, [
    { name: 'first storm: all connected', value: first.seconds, unit: 's', goal: 60, less: true },
    { name: 'connections a second then', value: count / first.seconds, unit: '1/s' },
    {
      name: 'memory per idle connection',
      value: (idle - warm) / (count - few),
      unit: 'B',
      goal: 60 * 1024,
      less: true,
    },
    { name: 'connected after the load', value: loaded.connected, unit: 'count', goal: count },
    {
      name: 'events acknowledged a second',
      value: (loaded.acknowledged * batchEvents) / seconds,
      unit: '1/s',
      goal: perSecond * 0.97,
    },
    { name: 'acknowledgement delay, median', value: percentile(loaded.delaysMs, 0.5) / 1000, unit: 's' },
    { name: 'acknowledgement delay, p99', value: percentile(loaded.delaysMs, 0.99) / 1000, unit: 's' },
    { name: "collector's CPU at that load, of one core", value: cpuShare, unit: 'ratio' },
    { name: 'restart: all back', value: back.seconds, unit: 's', goal: 60, less: true },
    {
      name: 'restart: all back and drained',
      value: back.seconds + drained.seconds,
      unit: 's',
      goal: 60,
      less: true,
    },
    { name: 'restart: most connections within a second', value: back.peakPerSecond, unit: '1/s' },
    {
      name: 'restart: attempts an agent',
      value: (attempts - attemptsBefore) / count,
      unit: 'count',
      goal: 10,
      less: true,
    },
  ]);
} finally {
  fleet?.end();
  collector?.child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
