import { nowUs } from '#shared/clock.ts';
import type { Provider } from '../provider.ts';
import { toolOutput } from '../tool.ts';
import { type Accounts, accountChanges, type GroupAccount, type UserAccount } from './accounts.ts';
import { parseAccounts } from './passwd.ts';

type AccountReader = () => Promise<Accounts | undefined>;

/** Users and groups through the system's own directory tool: the libraries list none. */
export function accountPortable(): Provider {
  const read = readers[process.platform] ?? readByGetent;
  let known: Accounts | undefined;
  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      return (await read()) === undefined ? 'no tool here lists users (getent, dscl, PowerShell)' : undefined;
    },
    async look(emit) {
      const found = await read();
      if (found === undefined) throw new Error('the tool that lists users failed');
      if (known !== undefined) for (const event of accountChanges(known, found, nowUs())) emit(event);
      known = found;
    },
    note() {
      return 'sampled through system tools: locking and password changes are not seen';
    },
    async close() {},
  };
}

/** Linux and BSD. */
async function readByGetent(): Promise<Accounts | undefined> {
  const [passwd, group] = await Promise.all([
    toolOutput('getent', ['passwd']),
    toolOutput('getent', ['group']),
  ]);
  return passwd === undefined || group === undefined ? undefined : parseAccounts(passwd, group, new Map());
}

/** macOS keeps accounts in a directory; dscl(1) prints `key: value` records between lines of a dash. */
async function readByDscl(): Promise<Accounts | undefined> {
  const keys = ['RecordName', 'UniqueID', 'PrimaryGroupID', 'NFSHomeDirectory', 'UserShell'];
  const [people, circles] = await Promise.all([
    toolOutput('dscl', ['.', '-readall', '/Users', ...keys]),
    toolOutput('dscl', ['.', '-readall', '/Groups', 'RecordName', 'PrimaryGroupID', 'GroupMembership']),
  ]);
  if (people === undefined || circles === undefined) return undefined;
  const users = new Map<string, UserAccount>();
  for (const record of people.split(/^-$/m)) {
    const name = dsclValue(record, 'RecordName')?.split(' ', 1)[0];
    const id = dsclValue(record, 'UniqueID');
    if (name === undefined || id === undefined) continue;
    users.set(name, {
      id,
      groupId: dsclValue(record, 'PrimaryGroupID'),
      home: dsclValue(record, 'NFSHomeDirectory'),
      shell: dsclValue(record, 'UserShell'),
      locked: undefined,
      passwordChanged: undefined,
    });
  }
  const groups = new Map<string, GroupAccount>();
  for (const record of circles.split(/^-$/m)) {
    const name = dsclValue(record, 'RecordName')?.split(' ', 1)[0];
    if (name === undefined) continue;
    const members = dsclValue(record, 'GroupMembership')?.split(' ') ?? [];
    groups.set(name, { id: dsclValue(record, 'PrimaryGroupID'), members: new Set(members) });
  }
  return { users, groups };
}

function dsclValue(record: string, key: string): string | undefined {
  return new RegExp(`^${key}:\\s+(.+)$`, 'm').exec(record)?.[1]?.trim();
}

const powershell = `
$users = @(Get-LocalUser | Select-Object Name, @{n='Id';e={$_.SID.Value}}, Enabled)
$groups = @(Get-LocalGroup | ForEach-Object { $g = $_; @{ Name = $g.Name; Id = $g.SID.Value;
  Members = @(Get-LocalGroupMember $g -ErrorAction SilentlyContinue | ForEach-Object { $_.Name -replace '^.*\\\\','' }) } })
@{ users = $users; groups = $groups } | ConvertTo-Json -Depth 4 -Compress`;

/** Windows: local users and groups, with security identifiers as ids. */
async function readByPowershell(): Promise<Accounts | undefined> {
  const output = await toolOutput('powershell', ['-NoProfile', '-NonInteractive', '-Command', powershell]);
  if (output === undefined) return undefined;
  const found: unknown = JSON.parse(output);
  const users = new Map<string, UserAccount>();
  for (const user of listOf(found, 'users')) {
    const locked = user['Enabled'] === false;
    const nothing = { groupId: undefined, home: undefined, shell: undefined, passwordChanged: undefined };
    users.set(String(user['Name']), { ...nothing, id: String(user['Id']), locked });
  }
  const groups = new Map<string, GroupAccount>();
  for (const group of listOf(found, 'groups')) {
    const members = Array.isArray(group['Members']) ? group['Members'].map(String) : [];
    groups.set(String(group['Name']), { id: String(group['Id']), members: new Set(members) });
  }
  return { users, groups };
}

function listOf(found: unknown, key: string): Readonly<Record<string, unknown>>[] {
  const list = typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}

const readers: Readonly<Partial<Record<NodeJS.Platform, AccountReader>>> = {
  darwin: readByDscl,
  win32: readByPowershell,
};
