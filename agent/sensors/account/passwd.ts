import { type Accounts, type GroupAccount, maxAccounts, type UserAccount } from './accounts.ts';

/** What shadow(5) tells besides the hash, which is not kept. */
export interface ShadowFacts {
  readonly locked: boolean;
  readonly passwordChanged: string | undefined;
}

/** Accounts from the texts of passwd(5) and group(5), as the files hold them or `getent` prints them. */
export function parseAccounts(
  passwd: string,
  group: string,
  shadow: ReadonlyMap<string, ShadowFacts>,
): Accounts {
  const users = new Map<string, UserAccount>();
  for (const [name = '', , id = '', groupId, , home, shell] of records(passwd, 7)) {
    if (!/^\d{1,10}$/.test(id) || users.has(name)) continue;
    const { locked, passwordChanged } = shadow.get(name) ?? {};
    users.set(name, { id, groupId, home, shell, locked, passwordChanged });
  }
  const groups = new Map<string, GroupAccount>();
  for (const [name = '', , id, members = ''] of records(group, 4)) {
    if (groups.has(name)) continue;
    groups.set(name, { id, members: new Set(members.split(',').filter((member) => member !== '')) });
  }
  return { users, groups };
}

/** Lock state and day of change by user, from the text of shadow(5). `!` before a hash locks it; `*` never had one. */
export function parseShadow(shadow: string): Map<string, ShadowFacts> {
  const facts = new Map<string, ShadowFacts>();
  for (const [name = '', secret = '', day = ''] of records(shadow, 3)) {
    const ms = Number(day) * 86_400_000;
    const known = /^[1-9]\d{0,5}$/.test(day);
    facts.set(name, {
      locked: /^[!*]/.test(secret),
      passwordChanged: known ? new Date(ms).toISOString().slice(0, 10) : undefined,
    });
  }
  return facts;
}

/** Lines with at least so many fields between colons and a name. */
function records(text: string, fields: number): string[][] {
  return text
    .split('\n')
    .slice(0, maxAccounts)
    .map((line) => line.split(':'))
    .filter((parts) => parts.length >= fields && parts[0] !== '');
}
