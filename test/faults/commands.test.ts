/**
 * Kills either side at random while commands are given, sent, run and answered: each begins at most once, and each ends.
 * FAULT_ROUNDS and FAULT_SEED set how many rounds and which.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { loadIdentity } from '../../agent/identity/identity.ts';
import type { CommandJson } from '../../collector/api/json/command.ts';
import type { AuditVerdictJson } from '../../collector/api/resources/audit.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import { randomOf } from '../../scripts/bench/sample-events.ts';
import { tempFolder } from '../temp.ts';
import { Server } from '../vedette.ts';
import { enrolFolder, kill } from './start-agent.ts';

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 10);
const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);
const perRound = 4;
const random = randomOf(seed);

t.test(`${rounds} rounds of SIGKILL, seed ${seed}`, async (t) => {
  const data = tempFolder(t);
  const folder = join(tempFolder(t), 'agent');
  let port = '0';
  const startCollector = async () => {
    const server = await Server.start(t, 'collector', '--port', '0', '--agent-port', port, '--data', data);
    port = server.addresses.agents.split(':')[1] as string;
    return server;
  };
  const startAgent = async (): Promise<ChildProcess> => {
    const args = [join(import.meta.dirname, 'command-agent.ts'), folder, `127.0.0.1:${port}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  };
  let collector = await startCollector();
  await enrolFolder(folder, data);
  const hostId = loadIdentity(folder)!.hostId;
  let agent = await startAgent();
  const given: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const client = new Client(accessOf(data));
    for (let n = 0; n < perRound; n++) {
      const made = await client
        .call<CommandJson>(
          'POST',
          `/hosts/${hostId}/commands`,
          {},
          { name: 'agent.flush', lifeSeconds: 3600 },
        )
        .catch((error: { code?: string }) => {
          if (error.code !== 'command.busy') throw error;
        });
      if (made !== undefined) given.push(made.id);
      await sleep(random() * 20);
    }
    await sleep(random() * 150);
    if (random() < 0.5) {
      await collector.end('SIGKILL');
      collector = await startCollector();
    } else {
      await kill(agent, 'SIGKILL');
      agent = await startAgent();
    }
  }
  const client = new Client(accessOf(data));
  const states: Record<string, number> = {};
  for (const id of given) {
    let command = await client.get<CommandJson>(`/commands/${id}`);
    while (command.state === 'queued' || command.state === 'sent') {
      await sleep(50);
      command = await client.get<CommandJson>(`/commands/${id}`);
    }
    states[command.state] = (states[command.state] ?? 0) + 1;
  }
  t.same(
    Object.keys(states).filter((state) => state !== 'done' && state !== 'interrupted'),
    [],
  );
  const path = join(folder, 'began');
  const began = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  t.equal(new Set(began).size, began.length, 'none began twice');
  for (const id of began) t.ok(given.includes(id), 'and none that nobody gave');
  t.ok((states['done'] ?? 0) > 0);
  const verdict = await client.get<AuditVerdictJson>('/audit/verification');
  t.match(verdict, { broken: null });
  t.comment(
    `${given.length} commands, ${began.length} begun, ${JSON.stringify(states)}, ${verdict.entries} audit entries`,
  );
  await kill(agent, 'SIGKILL');
});
