/**
 * Kills either side at random while numbered events flow, then holds what is stored against what was emitted:
 * every number once, without a hole. FAULT_ROUNDS and FAULT_SEED set how many and which.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedetteJson } from '../vedette.ts';
import { holes, isHigh, runSize, storedNumbers } from './numbers.ts';
import { emittedBy, enrolFolder, kill, startNumberedAgent } from './start-agent.ts';

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 8);
const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);
const perSecond = 2000;

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

t.test(`${rounds} rounds of SIGKILL, seed ${seed}`, async (t) => {
  let collector = await startCollector();
  await enrolFolder(agentFolder, data);
  let run = 0;
  let agent = await startNumberedAgent(t, agentFolder, agentPort, run, perSecond);
  for (let round = 0; round < rounds; round++) {
    await sleep(200 + random() * 800);
    if (random() < 0.6) {
      await collector.end('SIGKILL');
      await sleep(random() * 400);
      collector = await startCollector();
    } else {
      await kill(agent, 'SIGKILL');
      agent = await startNumberedAgent(t, agentFolder, agentPort, ++run, perSecond);
    }
  }
  await sleep(500);
  await kill(agent, 'SIGTERM');
  const emitted = emittedBy(agentFolder);
  const runs = await storedNumbers(data);
  let total = 0;
  for (const [which, counts] of runs) {
    const numbers = [...counts.keys()];
    total += numbers.length;
    t.equal([...counts.values()].filter((n) => n > 1).length, 0, `run ${which}: no number is stored twice`);
    t.equal(holes(numbers, which * runSize, isHigh), 0, `run ${which}: no hole in the high lane`);
    t.equal(
      holes(numbers, which * runSize, (n) => !isHigh(n)),
      0,
      `run ${which}: no hole in the normal lane`,
    );
  }
  t.equal(runs.get(run)?.size, emitted, 'of the last run, which ended well, every number is stored');
  const status = vedetteJson<StatusJson>('status', '--data', data);
  t.match(status.hosts[0], { stored: total, collected: total, lost: 0, duplicates: 0, unaccounted: 0 });
  t.comment(`${total} events, ${run + 1} agents`);
});
