import { readText, writeText } from '#shared/files.ts';
import type { Accounts, GroupAccount, UserAccount } from './accounts.ts';
import type { AuthorizedKey } from './authorized-keys.ts';

/** Characters of the file; of a host with more than that nothing is remembered. */
const maxChars = 8 * 1024 * 1024;

/** Rules of sudo by file, and keys by user and file. */
export interface GrantState {
  readonly sudo: ReadonlyMap<string, readonly string[]>;
  readonly keys: ReadonlyMap<string, readonly AuthorizedKey[]>;
}

export interface AccountState extends GrantState {
  readonly accounts: Accounts;
}

/** What was there at the last look, in a file, so that changes while the agent was away are told. No secret is in it. */
export class AccountMemory {
  readonly #path: string | undefined;
  #written = '';

  /** Without a path nothing is remembered. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Undefined where there is nothing, or nothing that makes sense. */
  read(): AccountState | undefined {
    if (this.#path === undefined) return undefined;
    try {
      const text = readText(this.#path) ?? '';
      const found: unknown = text.length > maxChars ? undefined : JSON.parse(text);
      const part = (name: string) => pairsIn(isObject(found) ? found[name] : undefined);
      const state = {
        accounts: { users: usersIn(part('users')), groups: groupsIn(part('groups')) },
        sudo: new Map(part('sudo').map(([path, rules]) => [path, stringsIn(rules)])),
        keys: new Map(part('keys').map(([name, keys]) => [name, keysIn(keys)])),
      };
      this.#written = text;
      return state.accounts.users.size > 0 ? state : undefined;
    } catch {
      return undefined;
    }
  }

  /** Never throws: what cannot be kept is as if there were no memory. */
  write({ accounts, sudo, keys }: AccountState): void {
    if (this.#path === undefined) return;
    const groups = [...accounts.groups].map(([name, { id, members }]) => [
      name,
      { id, members: [...members] },
    ]);
    const text = JSON.stringify({ users: [...accounts.users], groups, sudo: [...sudo], keys: [...keys] });
    if (text === this.#written || text.length > maxChars) return;
    try {
      writeText(this.#path, text);
      this.#written = text;
    } catch {
      this.#written = '';
    }
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function pairsIn(value: unknown): (readonly [string, unknown])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((pair) =>
    Array.isArray(pair) && typeof pair[0] === 'string' ? [[pair[0], pair[1]] as const] : [],
  );
}

function stringsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

function usersIn(pairs: readonly (readonly [string, unknown])[]): Map<string, UserAccount> {
  const users = new Map<string, UserAccount>();
  for (const [name, fields] of pairs) {
    if (!isObject(fields)) continue;
    const locked = fields['locked'];
    users.set(name, {
      id: textIn(fields, 'id') ?? '',
      groupId: textIn(fields, 'groupId'),
      home: textIn(fields, 'home'),
      shell: textIn(fields, 'shell'),
      locked: typeof locked === 'boolean' ? locked : undefined,
      passwordChanged: textIn(fields, 'passwordChanged'),
    });
  }
  return users;
}

function groupsIn(pairs: readonly (readonly [string, unknown])[]): Map<string, GroupAccount> {
  const groups = new Map<string, GroupAccount>();
  for (const [name, fields] of pairs) {
    if (isObject(fields))
      groups.set(name, { id: textIn(fields, 'id'), members: new Set(stringsIn(fields['members'])) });
  }
  return groups;
}

function keysIn(value: unknown): readonly AuthorizedKey[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((fields) => ({
    type: textIn(fields, 'type') ?? '',
    fingerprint: textIn(fields, 'fingerprint') ?? '',
    options: textIn(fields, 'options') ?? '',
    comment: textIn(fields, 'comment') ?? '',
  }));
}
