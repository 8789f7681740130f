import type { EventByType } from '#shared/events/registry.gen.ts';

/** Users and groups that are read; far above what hosts keep locally. */
export const maxAccounts = 65_536;

export interface UserAccount {
  readonly id: string;
  readonly groupId: string | undefined;
  readonly home: string | undefined;
  readonly shell: string | undefined;
  /** Whether a password can open it; undefined where that cannot be read. */
  readonly locked: boolean | undefined;
  /** Day of the last change of the password, as yyyy-mm-dd. Never the password or its hash. */
  readonly passwordChanged: string | undefined;
}

export interface GroupAccount {
  readonly id: string | undefined;
  readonly members: ReadonlySet<string>;
}

/** Local users and groups, by name. */
export interface Accounts {
  readonly users: ReadonlyMap<string, UserAccount>;
  readonly groups: ReadonlyMap<string, GroupAccount>;
}

type AccountChange = EventByType['account.change'];

/** Groups whose members may become root or its like. */
const privilegedGroups = new Set([
  'root',
  'sudo',
  'wheel',
  'admin',
  'docker',
  'lxd',
  'disk',
  'shadow',
  'Administrators',
]);

/** True when a user has id 0 or is in a group that may become root, by membership or as its own group. */
export function isPrivileged(accounts: Accounts, name: string): boolean {
  const user = accounts.users.get(name);
  if (user?.id === '0') return true;
  for (const [group, { id, members }] of accounts.groups) {
    if (!privilegedGroups.has(group)) continue;
    if (members.has(name) || (id !== undefined && user?.groupId === id)) return true;
  }
  return false;
}

/** The events that lead from one reading to the next. Removed users carry what they were. */
export function accountChanges(before: Accounts, after: Accounts, time: number): AccountChange[] {
  return [...userChanges(before, after, time), ...groupChanges(before, after, time)];
}

function* userChanges(before: Accounts, after: Accounts, time: number): Generator<AccountChange> {
  for (const [name, user] of after.users) {
    const old = before.users.get(name);
    if (old === undefined) yield userEvent(after, name, user, 'user-added', time);
    else {
      const changes = differences(old, user);
      if (changes.length > 0)
        yield { ...userEvent(after, name, user, 'user-changed', time), 'user.changes': changes };
    }
  }
  for (const [name, user] of before.users) {
    if (!after.users.has(name)) yield userEvent(before, name, user, 'user-removed', time);
  }
}

function userEvent(
  accounts: Accounts,
  name: string,
  user: UserAccount,
  action: AccountChange['event.action'],
  time: number,
): AccountChange {
  return {
    type: 'account.change',
    time,
    'event.action': action,
    'user.name': name,
    'user.id': user.id,
    'user.home': user.home,
    'user.shell': user.shell,
    'user.privileged': isPrivileged(accounts, name),
  };
}

const compared = ['id', 'groupId', 'home', 'shell', 'locked', 'passwordChanged'] as const;

/** Each as `name: before -> after`. A thing that became readable or unreadable has not changed. */
function differences(old: UserAccount, user: UserAccount): string[] {
  return compared
    .filter((key) => old[key] !== user[key] && old[key] !== undefined && user[key] !== undefined)
    .map((key) => `${key}: ${old[key]} -> ${user[key]}`);
}

function* groupChanges(before: Accounts, after: Accounts, time: number): Generator<AccountChange> {
  const event = (
    action: AccountChange['event.action'],
    name: string,
    id: string | undefined,
  ): AccountChange => ({
    type: 'account.change',
    time,
    'event.action': action,
    'group.name': name,
    'group.id': id,
  });
  const member = (
    action: AccountChange['event.action'],
    name: string,
    id: string | undefined,
    user: string,
  ) => ({
    ...event(action, name, id),
    'user.name': user,
    'user.id': (after.users.get(user) ?? before.users.get(user))?.id,
    'user.privileged': isPrivileged(after, user),
  });
  for (const [name, { id, members }] of after.groups) {
    const old = before.groups.get(name);
    if (old === undefined) yield event('group-added', name, id);
    for (const user of members)
      if (old?.members.has(user) !== true) yield member('group-member-added', name, id, user);
    for (const user of old?.members ?? [])
      if (!members.has(user)) yield member('group-member-removed', name, id, user);
  }
  for (const [name, { id }] of before.groups) {
    if (!after.groups.has(name)) yield event('group-removed', name, id);
  }
}
