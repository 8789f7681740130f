import { join } from 'node:path';
import type { groups as groupsSpec } from '#shared/tables/groups.ts';
import type { shadow as shadowSpec } from '#shared/tables/shadow.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import type { userGroups as userGroupsSpec } from '#shared/tables/user-groups.ts';
import type { users as usersSpec } from '#shared/tables/users.ts';
import { type Accounts, isPrivileged } from '../../sensors/account/accounts.ts';
import { parseAccounts } from '../../sensors/account/passwd.ts';
import { linesAt, textAt, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

export interface UserHome {
  readonly uid: number;
  readonly username: string;
  readonly home: string;
}

function accountsOf({ etcRoot }: QueryHost): Accounts {
  return parseAccounts(textAt(join(etcRoot, 'passwd')), textAt(join(etcRoot, 'group')), new Map());
}

/** Homes of local users, each once; those of most system users are no homes of theirs. */
export function homesOf(host: QueryHost): UserHome[] {
  const homes = new Map<string, UserHome>();
  for (const [username, { id, home }] of accountsOf(host).users) {
    if (home?.startsWith('/') !== true || home === '/' || homes.has(home)) continue;
    homes.set(home, { uid: Number(id), username, home: join(host.fsRoot, home) });
  }
  return [...homes.values()];
}

export function* users(host: QueryHost): Iterable<RowOf<typeof usersSpec>> {
  const accounts = accountsOf(host);
  const descriptions = new Map<string, string>();
  for (const line of linesAt(join(host.etcRoot, 'passwd'))) {
    const [name = '', , , , description = ''] = line.split(':');
    if (!descriptions.has(name)) descriptions.set(name, description);
  }
  for (const [username, { id, groupId, home, shell }] of accounts.users)
    yield {
      uid: Number(id),
      gid: wholeNumber(groupId),
      username,
      description: descriptions.get(username),
      directory: home,
      shell,
      privileged: Number(isPrivileged(accounts, username)),
    };
}

export function* groups(host: QueryHost): Iterable<RowOf<typeof groupsSpec>> {
  for (const [groupname, { id }] of accountsOf(host).groups) yield { gid: wholeNumber(id), groupname };
}

export function* userGroups(host: QueryHost): Iterable<RowOf<typeof userGroupsSpec>> {
  const accounts = accountsOf(host);
  for (const { id, groupId } of accounts.users.values()) yield { uid: Number(id), gid: wholeNumber(groupId) };
  for (const { id, members } of accounts.groups.values()) {
    for (const name of members) {
      const user = accounts.users.get(name);
      if (user !== undefined && user.groupId !== id) yield { uid: Number(user.id), gid: wholeNumber(id) };
    }
  }
}

function statusOf(secret: string): string {
  if (secret === '') return 'empty';
  if (/^[!*]+$/.test(secret)) return 'not_set';
  return secret.startsWith('!') ? 'locked' : 'active';
}

export function* shadow({ etcRoot }: QueryHost): Iterable<RowOf<typeof shadowSpec>> {
  for (const line of linesAt(join(etcRoot, 'shadow'))) {
    const [username = '', secret = '', change, min, max, warning, inactive, expire] = line.split(':');
    if (username === '') continue;
    yield {
      username,
      password_status: statusOf(secret),
      hash_alg: /^!?\$([a-z0-9-]+)\$/.exec(secret)?.[1],
      last_change: wholeNumber(change),
      min: wholeNumber(min),
      max: wholeNumber(max),
      warning: wholeNumber(warning),
      inactive: wholeNumber(inactive),
      expire: wholeNumber(expire),
    };
  }
}
