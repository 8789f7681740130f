/** A full disk on either side: nothing that was acknowledged is lost, and what was collected is stored or declared. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedetteJson } from '../vedette.ts';
import { storedNumbers } from './numbers.ts';
import { emittedBy, enrolFolder, kill, startNumberedAgent } from './start-agent.ts';

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const skip = isRoot ? false : 'needs root to mount a small disk';
const perSecond = 1000;

/** A disk of its own of so many MiB. */
function smallDisk(t: Test, mib: number): string {
  const folder = tempFolder(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=700`, 'vedette-test', folder]);
  t.teardown(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

/** Takes all the room there is; gives the function that gives it back. */
function fill(folder: string): () => void {
  const path = join(folder, 'filler');
  const fd = openSync(path, 'w');
  const block = Buffer.alloc(4096);
  try {
    for (;;) writeSync(fd, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
  return () => rmSync(path);
}

async function start(t: Test, data: string, agentFolder: string) {
  const collector = await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data);
  const port = collector.addresses.agents.split(':')[1] as string;
  await enrolFolder(agentFolder, data);
  return { collector, agent: await startNumberedAgent(t, agentFolder, port, 0, perSecond) };
}

async function check(t: Test, data: string, agentFolder: string): Promise<StatusJson['hosts'][number]> {
  const numbers = (await storedNumbers(data)).get(0)!;
  t.ok(
    [...numbers.values()].every((n) => n === 1),
    'no number is stored twice',
  );
  const [host] = vedetteJson<StatusJson>('status', '--data', data).hosts;
  t.match(host, { duplicates: 0, unaccounted: 0, collected: emittedBy(agentFolder), stored: numbers.size });
  return host!;
}

t.test("the collector's disk is full for a while", { skip }, async (t) => {
  const data = smallDisk(t, 24);
  const agentFolder = join(tempFolder(t), 'agent');
  const { agent } = await start(t, data, agentFolder);
  await sleep(1500);
  const empty = fill(data);
  t.equal(statfsSync(data).bavail, 0);
  await sleep(3000);
  empty();
  await sleep(500);
  await kill(agent, 'SIGTERM');
  t.equal((await check(t, data, agentFolder)).lost, 0, 'the agent kept everything meanwhile');
});

t.test("the agent's disk is full for a while", { skip }, async (t) => {
  const data = tempFolder(t);
  const agentFolder = join(smallDisk(t, 24), 'agent');
  const { collector, agent } = await start(t, data, agentFolder);
  await sleep(1500);
  const empty = fill(agentFolder);
  await sleep(3000);
  empty();
  await sleep(1500);
  await kill(agent, 'SIGTERM');
  const { stored, lost, collected } = await check(t, data, agentFolder);
  t.equal(stored + lost, collected);
  await collector.end('SIGTERM');
});
