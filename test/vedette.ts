import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';

export const top = join(import.meta.dirname, '..');
export const launcher = join(top, 'scripts/vedette.mjs');
let instances = 0;
/** Agents of tests run beside one another, and beside the one that may watch this machine. */
const env = () => ({
  ...process.env,
  NODE_OPTIONS: '',
  NODE_V8_COVERAGE: undefined,
  VEDETTE_DATA: undefined,
  VEDETTE_INSTANCE: `test-${process.pid}-${instances++}`,
});

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end, as a user would. */
export function vedette(...args: readonly string[]): Run {
  return vedetteFed('', ...args);
}

/** The same, with something on its standard input. */
export function vedetteFed(input: string | Uint8Array, ...args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: top,
    encoding: 'utf8',
    env: env(),
    input,
    maxBuffer: 1 << 28,
    // Nothing here takes near as long; a command that should end and does not must not hold the suite.
    timeout: 120_000,
  });
  return { status, stdout, stderr };
}

/** The same, with what it prints as JSON. */
export function vedetteJson<T>(...args: readonly string[]): T {
  const run = vedette(...args, '--json');
  if (run.stdout === '') throw new Error(`vedette ${args.join(' ')}: ${run.stderr}`);
  return JSON.parse(run.stdout) as T;
}

export interface Addresses {
  readonly api: string;
  readonly agents: string;
  readonly signIn: string;
  readonly tokenFile: string;
}

/** `up` or `collector` in a process of its own. */
export class Server {
  readonly child: ChildProcess;
  readonly addresses: Addresses;

  private constructor(child: ChildProcess, addresses: Addresses) {
    this.child = child;
    this.addresses = addresses;
  }

  static async start(t: Test, command: 'up' | 'collector', ...args: readonly string[]): Promise<Server> {
    const child = spawn(process.execPath, [launcher, command, '--json', ...args], {
      cwd: top,
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    let stderr = '';
    child.stderr?.on('data', (part: Buffer) => {
      stderr = (stderr + part.toString()).slice(-20_000);
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const first = (await Promise.race([once(lines, 'line'), once(child, 'exit')]))[0];
    if (typeof first !== 'string') throw new Error(`${command} ended: ${stderr}`);
    return new Server(child, JSON.parse(first) as Addresses);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
