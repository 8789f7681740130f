/**
 * Kills either side at random while numbered events flow, then holds what is stored against what was emitted:
 * every number once, without a hole. FAULT_ROUNDS and FAULT_SEED set how many and which.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { parseToken } from '#shared/protocol/identity.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import { saveIdentity } from '../../agent/identity/identity.ts';
import type { EventJson } from '../../collector/api/json/event.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedetteJson } from '../vedette.ts';

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 8);
const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);
const perSecond = 2000;
const runSize = 1_000_000;

let state = seed;
/** Park–Miller, so that a seed gives the same faults again. */
function random(): number {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
}

const data = tempFolder(t);
const agentFolder = join(tempFolder(t), 'agent');
let agentPort = '0';

async function startCollector(): Promise<Server> {
  const server = await Server.start(t, 'collector', '--port', '0', '--agent-port', agentPort, '--data', data);
  agentPort = server.addresses.agents.split(':')[1] as string;
  return server;
}

async function startAgent(run: number): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'numbered-agent.ts');
  const args = [script, agentFolder, `127.0.0.1:${agentPort}`, String(run * runSize), String(perSecond)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** How often each number is stored, by the run that emitted it. */
function storedNumbers(): Map<number, Map<number, number>> {
  const runs = new Map<number, Map<number, number>>();
  const events = vedetteJson<EventJson[]>(
    'events',
    '--type',
    'package.state,account.change',
    '--limit',
    '100000',
    '--data',
    data,
  );
  t.ok(events.length < 100_000, 'all of them were read');
  for (const event of events) {
    const name = (event['package.name'] ?? event['user.name']) as string;
    const n = Number(name.slice(1));
    const run = Math.floor(n / runSize);
    const counts = runs.get(run) ?? new Map<number, number>();
    runs.set(run, counts.set(n, (counts.get(n) ?? 0) + 1));
  }
  return runs;
}

/** Within one lane numbers come in order, so what a killed agent had kept is a run of numbers without a hole. */
function holes(numbers: readonly number[], first: number, inLane: (n: number) => boolean): number {
  const lane = numbers.filter(inLane);
  const last = lane.reduce((max, n) => Math.max(max, n), -1);
  let expected = 0;
  for (let n = first; n <= last; n++) if (inLane(n)) expected++;
  return expected - lane.length;
}

t.test(`${rounds} rounds of SIGKILL, seed ${seed}`, async (t) => {
  let collector = await startCollector();
  mkdirSync(agentFolder, { recursive: true });
  const { token } = vedetteJson<{ token: string }>('enroll', '--new-token', '--data', data);
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  saveIdentity(agentFolder, await enrol(ticket.value, { hostname: 'faults', os: 'linux' }));
  let run = 0;
  let agent = await startAgent(run);
  for (let round = 0; round < rounds; round++) {
    await sleep(200 + random() * 800);
    if (random() < 0.6) {
      await collector.end('SIGKILL');
      await sleep(random() * 400);
      collector = await startCollector();
    } else {
      await kill(agent, 'SIGKILL');
      agent = await startAgent(++run);
    }
  }
  await sleep(500);
  await kill(agent, 'SIGTERM');
  const ended = readFileSync(join(agentFolder, 'ended'), 'utf8').trim().split(' ').map(Number) as [
    number,
    number,
  ];
  const runs = storedNumbers();
  let total = 0;
  for (const [which, counts] of runs) {
    const numbers = [...counts.keys()];
    total += numbers.length;
    t.equal([...counts.values()].filter((n) => n > 1).length, 0, `run ${which}: no number is stored twice`);
    const isHigh = (n: number) => n % 5 === 0;
    t.equal(holes(numbers, which * runSize, isHigh), 0, `run ${which}: no hole in the high lane`);
    t.equal(
      holes(numbers, which * runSize, (n) => !isHigh(n)),
      0,
      `run ${which}: no hole in the normal lane`,
    );
  }
  t.equal(
    runs.get(run)?.size,
    ended[1] - ended[0],
    'of the last run, which ended well, every number is stored',
  );
  const status = vedetteJson<StatusJson>('status', '--data', data);
  t.match(status.hosts[0], { stored: total, collected: total, lost: 0, duplicates: 0, unaccounted: 0 });
  t.comment(`${total} events, ${run + 1} agents`);
});
