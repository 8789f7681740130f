/** Starts and ends the numbered agent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parseToken } from '#shared/protocol/identity.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import { saveIdentity } from '../../agent/identity/identity.ts';
import { vedetteJson } from '../vedette.ts';
import { runSize } from './numbers.ts';

/** Makes the folder one of an agent enrolled at the collector that runs on `data`. */
export async function enrolFolder(folder: string, data: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { token } = vedetteJson<{ token: string }>('enroll', '--new-token', '--data', data);
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  saveIdentity(folder, await enrol(ticket.value, { hostname: 'faults', os: 'linux' }));
}

export async function startNumberedAgent(
  t: Test,
  folder: string,
  port: string,
  run: number,
  perSecond: number,
): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'numbered-agent.ts');
  const args = [script, folder, `127.0.0.1:${port}`, String(run * runSize), String(perSecond)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

/** SIGTERM lets the agent drain its outbox first. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** How many numbers the agent emitted that ended last, and well. */
export function emittedBy(folder: string): number {
  const [first, next] = readFileSync(join(folder, 'ended'), 'utf8')
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .map(Number);
  return next! - first!;
}
