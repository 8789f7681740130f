import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { linesOfStream } from '../verify/lines.ts';

/** Files with capabilities that are taken; a host has a handful. */
const maxFound = 10_000;
const lowest = 19;

/** Why there is no answer. */
export type NoCapabilities = 'getcap is not here' | 'getcap failed';

/**
 * File capabilities below a folder by path, through getcap(8): Node cannot read extended attributes. Runs at the lowest
 * priority, folder by folder, without those that `skips` or that hold one such (getcap would walk into it).
 */
export async function fileCapabilities(
  root: string,
  skips: (folder: string) => boolean,
  holdsSkipped: (folder: string) => boolean,
  signal: AbortSignal,
): Promise<Map<string, string> | NoCapabilities> {
  const found = new Map<string, string>();
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (!holdsSkipped(folder)) {
      const failure = await getcap(folder, found, signal);
      if (failure !== undefined) return failure;
      continue;
    }
    for (const path of foldersIn(folder)) if (!skips(path)) waiting.push(path);
  }
  return found;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}

async function getcap(
  folder: string,
  found: Map<string, string>,
  signal: AbortSignal,
): Promise<NoCapabilities | undefined> {
  signal.throwIfAborted();
  const child = spawn('getcap', ['-r', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  const end = () => child.kill('SIGKILL');
  signal.addEventListener('abort', end);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve).once('error', reject);
    });
    if (child.pid !== undefined) setPriority(child.pid, lowest);
    for await (const line of linesOfStream(child.stdout)) {
      const one = getcapLine(line);
      if (one !== undefined && found.size < maxFound) found.set(one.path, one.capabilities);
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'getcap is not here' : 'getcap failed';
  } finally {
    end();
    signal.removeEventListener('abort', end);
    if (child.pid !== undefined) await closed;
  }
  signal.throwIfAborted();
  return undefined;
}

/** `/bin/ping cap_net_raw=ep`, or with ` = ` between as before libcap 2.41. */
export function getcapLine(line: string): { path: string; capabilities: string } | undefined {
  const [, path, capabilities] = /^(\/.*?)(?: =)? ((?:cap_[a-z_,]+|all|=)[a-z0-9_,=+ -]*)$/.exec(line) ?? [];
  return path === undefined || capabilities === undefined ? undefined : { path, capabilities };
}
