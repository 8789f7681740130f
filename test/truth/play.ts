import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { Stage } from './stage.ts';

/** Why the tools cannot be had; false when all are there. */
export function lacks(...tools: readonly string[]): string | false {
  const missing = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing.length === 0 ? false : `needs ${missing.join(', ')}`;
}

/** A process that stays until it is let go, so that all of it can be read. */
export interface Player {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Closes its standard input, and resolves to its exit code. */
  letGo(): Promise<number | null>;
}

/** Starts a program that waits for the end of its standard input; resolves once its start was told. */
export async function play(
  stage: Stage,
  command: string,
  args: readonly string[],
  isIt: (event: EventByType['process.start']) => boolean = () => true,
): Promise<Player> {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  stage.atEnd(() => child.kill('SIGKILL'));
  const pid = child.pid ?? -1;
  await stage.got.until('process.start', (event) => event['process.pid'] === pid && isIt(event));
  return {
    pid,
    child,
    async letGo() {
      child.stdin?.end();
      const [code] = await ended;
      return code as number | null;
    },
  };
}

/** Runs a program to its end. Rejects when it fails. */
export async function run(command: string, ...args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code} ${said}`);
  return child.pid ?? -1;
}
