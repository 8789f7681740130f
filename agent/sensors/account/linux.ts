import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nowUs } from '#shared/clock.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { type Accounts, accountChanges } from './accounts.ts';
import { Grants } from './grants.linux.ts';
import { AccountMemory } from './memory.ts';
import { parseAccounts, parseShadow } from './passwd.ts';

const maxFileBytes = 16 * 1024 * 1024;

/**
 * Users and groups from passwd, group and shadow, rules of sudo and authorized keys, each read when it changes.
 * `stateFolder` is where they are remembered for the next start; nothing is without.
 */
export function accountLinux(settings: Settings, stateFolder: string | undefined): Provider {
  const [passwd, group, shadow] = ['passwd', 'group', 'shadow'].map((name) => join(settings.etcRoot, name));
  const memory = new AccountMemory(
    stateFolder === undefined ? undefined : join(stateFolder, 'accounts.json'),
  );
  const remembered = memory.read();
  const grants = new Grants(settings, remembered);
  let known = remembered?.accounts;
  let rememberAtMs = 0;
  let seen = '';
  let withShadow = false;

  function read(): Accounts | undefined {
    const users = textOf(passwd);
    if (users === undefined) return undefined;
    const secrets = textOf(shadow);
    withShadow = secrets !== undefined;
    return parseAccounts(users, textOf(group) ?? '', parseShadow(secrets ?? ''));
  }

  function remember(): void {
    if (known !== undefined) memory.write({ accounts: known, ...grants.state });
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      return textOf(passwd) === undefined ? `${passwd} cannot be read` : undefined;
    },
    async look(emit) {
      const version = [passwd, group, shadow].map(versionOf).join();
      const found = version === seen ? undefined : read();
      if (found !== undefined) {
        if (known !== undefined) for (const event of accountChanges(known, found, nowUs())) emit(event);
        known = found;
        seen = version;
      }
      if (known === undefined) return;
      const granted = grants.changes(known, nowUs());
      for (const event of granted) emit(event);
      // Not before what was told is sure to be kept: after a kill it is told again rather than lost.
      if (found !== undefined || granted.length > 0 || rememberAtMs === 0)
        rememberAtMs = Date.now() + settings.settleMs;
      else if (Date.now() >= rememberAtMs && rememberAtMs !== Number.POSITIVE_INFINITY) {
        remember();
        rememberAtMs = Number.POSITIVE_INFINITY;
      }
    },
    note() {
      const notes = [
        ...(withShadow ? [] : ['shadow cannot be read: locking and password changes are not seen']),
        ...(grants.withoutSudoers ? ['sudoers cannot be read: rules of sudo are not seen'] : []),
        ...(grants.remoteHomes > 0 ? ['keys in homes on other machines are not seen'] : []),
      ];
      return notes.length === 0 ? undefined : notes.join('; ');
    },
    async close() {
      remember();
    },
  };
}

function textOf(path: string | undefined): string | undefined {
  try {
    return path !== undefined && statSync(path).size <= maxFileBytes ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function versionOf(path: string | undefined): string {
  try {
    const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    return found === undefined ? '' : `${found.mtimeMs}:${found.ctimeMs}:${found.size}:${found.ino}`;
  } catch {
    return '';
  }
}
