import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#shared/config.ts';
import { type FolderLock, lockDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import type { agentSettings } from './config.ts';

/** Where a root process keeps what lasts until the next boot (Filesystem Hierarchy Standard, 3.15). */
const runFolder = '/run';
const environmentName = 'VEDETTE_INSTANCE';

/** Name of this agent on the host. Throws `config.invalid`. */
export function instanceOf(config: Pick<Config<typeof agentSettings>, 'instance'>): string {
  const name = process.env[environmentName] ?? config.instance;
  if (/^[\w-]{1,64}$/.test(name)) return name;
  throw new VedetteError('config.invalid', 'instance must be 1 to 64 letters, digits, `-` or `_`.');
}

/**
 * Takes the host for the agent of this name, until it is released or this process ends. Two agents would tell
 * everything twice, and each take the kernel's events from the other. Only where this user may see other users'
 * processes at all, which is root on Linux; undefined elsewhere. Throws `agent.already_running`.
 */
export function lockHost(instance: string): FolderLock | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync(runFolder)) return undefined;
  try {
    return lockDataFolder(join(runFolder, 'vedette', instance));
  } catch (error) {
    if (!(error instanceof VedetteError)) throw error;
    if (error.code === 'data.in_use') {
      throw new VedetteError('agent.already_running', `An agent named ${instance} runs on this host.`, {
        cause: error,
      });
    }
    return undefined;
  }
}
