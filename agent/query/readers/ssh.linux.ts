import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { authorizedKeys as authorizedSpec } from '#shared/tables/authorized-keys.ts';
import type { knownHosts as knownSpec } from '#shared/tables/known-hosts.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import type { sshConfigs as configsSpec } from '#shared/tables/ssh-configs.ts';
import type { userSshKeys as keysSpec } from '#shared/tables/user-ssh-keys.ts';
import { parseAuthorizedKeys } from '../../sensors/account/authorized-keys.ts';
import { octal } from '../../sensors/file/events.ts';
import { namesIn, settledLines, textAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';
import { homesOf } from './accounts.linux.ts';

const keyFiles = ['authorized_keys', 'authorized_keys2'];
/** What tells a private key stands at the begin of its file. */
const maxHeadBytes = 16 * 1024;

export function* authorizedKeys(host: QueryHost): Iterable<RowOf<typeof authorizedSpec>> {
  for (const { uid, username, home } of homesOf(host)) {
    for (const name of keyFiles) {
      const path = join(home, '.ssh', name);
      for (const { type, fingerprint, options, comment } of parseAuthorizedKeys(textAt(path)).values())
        yield { uid, username, algorithm: type, fingerprint, options, comment, key_file: path };
    }
  }
}

function* hostsIn(path: string, uid?: number): Iterable<RowOf<typeof knownSpec>> {
  for (const line of settledLines(path)) {
    const [host, rest] = /^(?:@\S+\s+)?(\S+)\s+(.*)$/.exec(line)?.slice(1) ?? [];
    for (const { type, fingerprint } of parseAuthorizedKeys(rest ?? '').values())
      yield { uid, host, algorithm: type, fingerprint, key_file: path };
  }
}

export function* knownHosts(host: QueryHost): Iterable<RowOf<typeof knownSpec>> {
  yield* hostsIn(join(host.etcRoot, 'ssh/ssh_known_hosts'));
  for (const { uid, home } of homesOf(host)) yield* hostsIn(join(home, '.ssh/known_hosts'), uid);
}

function* settingsIn(path: string, uid?: number): Iterable<RowOf<typeof configsSpec>> {
  let block = '';
  for (const line of settledLines(path)) {
    const [, name = '', value = ''] = /^(\S+?)(?:\s*=\s*|\s+|$)(.*)$/.exec(line) ?? [];
    if (/^(?:host|match)$/i.test(name)) block = line;
    else yield { uid, block, option: `${name.toLowerCase()} ${value}`, ssh_config_file: path };
  }
}

export function* sshConfigs(host: QueryHost): Iterable<RowOf<typeof configsSpec>> {
  yield* settingsIn(join(host.etcRoot, 'ssh/ssh_config'));
  for (const { uid, home } of homesOf(host)) yield* settingsIn(join(home, '.ssh/config'), uid);
}

/** A key in OpenSSH's own form names its cipher behind the magic (PROTOCOL.key): `none` where it is not encrypted. */
function isEncrypted(text: string, kind: string): boolean {
  if (kind !== 'OPENSSH') return /ENCRYPTED/.test(text);
  const body = /KEY-----\s+([A-Za-z0-9+/=\s]+)/.exec(text)?.[1] ?? '';
  const bytes = Buffer.from(body, 'base64');
  const at = 'openssh-key-v1\0'.length;
  return (
    bytes.length > at + 4 && bytes.toString('latin1', at + 4, at + 4 + bytes.readUInt32BE(at)) !== 'none'
  );
}

function modeOf(path: string): string | undefined {
  try {
    return octal(lstatSync(path).mode & 0o7777);
  } catch {
    return undefined;
  }
}

export function* userSshKeys(host: QueryHost): Iterable<RowOf<typeof keysSpec>> {
  for (const { uid, home } of homesOf(host)) {
    for (const name of namesIn(join(home, '.ssh'))) {
      const path = join(home, '.ssh', name);
      const text = textAt(path, maxHeadBytes);
      const kind = /-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----/.exec(text)?.[1]?.trim();
      if (kind === undefined) continue;
      yield { uid, path, encrypted: Number(isEncrypted(text, kind)), key_type: kind, mode: modeOf(path) };
    }
  }
}
