import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { Settings } from '../options.ts';
import { type Accounts, isPrivileged } from './accounts.ts';
import { type AuthorizedKey, keyChanges, parseAuthorizedKeys } from './authorized-keys.ts';
import type { GrantState } from './memory.ts';
import { parseSudoers, type SudoRule, sudoRuleChanges } from './sudoers.ts';
import { WatchedFile } from './watched-file.ts';

type AccountChange = EventByType['account.change'];
type Keys = ReadonlyMap<string, AuthorizedKey>;

/** Files of sudoers.d that are read. */
const maxSudoFiles = 256;
/** Homes looked at in one look; with more users each waits its turn. */
const maxHomesPerLook = 256;
/** Key files that are remembered. */
const maxKeyFiles = 16_384;
const keyFolder = '.ssh';
const keyFileNames = ['authorized_keys', 'authorized_keys2'];
/** Mounted file systems are listed again after this long. */
const mountsMs = 60_000;
/** A home on one of these may be away, and whoever asks for it then waits for as long. */
const remote = /^(?:nfs|cifs|smb|autofs|fuse|ceph|afs|9p|lustre|glusterfs)/;

interface KeyFile {
  readonly user: string;
  readonly path: string;
  readonly file: WatchedFile<Keys>;
  before: Keys;
  seenTurn: number;
}

/** What gives rights beside groups: the rules of sudo, and the keys that may sign in as each user. */
export class Grants {
  readonly #settings: Settings;
  readonly #remembered: GrantState | undefined;
  readonly #mounts = new BoundedFile(256 * 1024);
  readonly #sudo = new Map<string, { file: WatchedFile<SudoRule[]>; before: readonly SudoRule[] }>();
  readonly #keys = new Map<string, KeyFile>();
  /** Users who have or had a folder of keys. */
  readonly #withKeys = new Set<string>();
  #remote: readonly string[] = [];
  #mountsAtMs = Number.NEGATIVE_INFINITY;
  #next = 0;
  #turn = 0;
  #first = true;
  /** Homes that were left out for being on another machine. */
  remoteHomes = 0;

  /** With what an earlier run remembered, changes since then are told at the first look. */
  constructor(settings: Settings, remembered: GrantState | undefined) {
    this.#settings = settings;
    this.#remembered = remembered;
    for (const name of remembered?.keys.keys() ?? []) this.#withKeys.add(name.slice(0, name.indexOf(' ')));
    for (const [path, rules] of remembered?.sudo ?? [])
      this.#sudo.set(path, {
        file: new WatchedFile(path, parseSudoers),
        before: parseSudoers(rules.join('\n')),
      });
  }

  /** What there is now, for the next run. */
  get state(): GrantState {
    const keys = new Map(this.#remembered?.keys);
    for (const [name, { before }] of this.#keys) {
      if (before.size === 0) keys.delete(name);
      else keys.set(name, [...before.values()]);
    }
    const sudo = new Map([...this.#sudo].map(([path, { before }]) => [path, before.map(({ text }) => text)]));
    return { sudo, keys };
  }

  /** True when sudoers is there and may not be read. */
  get withoutSudoers(): boolean {
    return this.#sudo.get(join(this.#settings.etcRoot, 'sudoers'))?.file.unreadable === true;
  }

  /** What changed since the last look. What is there at the first is remembered. */
  changes(accounts: Accounts, time: number): AccountChange[] {
    const changes = [...this.#sudoChanges(accounts, time), ...this.#allKeyChanges(accounts, time)];
    this.#first = false;
    return changes;
  }

  *#sudoChanges(accounts: Accounts, time: number): Generator<AccountChange> {
    const paths = new Set(this.#sudoPaths());
    for (const path of paths) {
      if (!this.#sudo.has(path))
        this.#sudo.set(path, { file: new WatchedFile(path, parseSudoers), before: [] });
    }
    for (const [path, rules] of this.#sudo) {
      if (!rules.file.changed()) continue;
      const found = sudoRuleChanges(rules.before, rules.file.value);
      rules.before = rules.file.value;
      if (!paths.has(path)) this.#sudo.delete(path);
      if (this.#first && this.#remembered === undefined) continue;
      for (const { action, subject, before, after } of found) {
        yield {
          type: 'account.change',
          time,
          'event.action': action,
          ...whoOf(subject, accounts),
          'file.path': path,
          'change.before': before,
          'change.after': after,
        };
      }
    }
  }

  /** sudoers(5): of an included folder, names that hold a dot or end in ~ are left out. Known files are asked again. */
  #sudoPaths(): readonly string[] {
    const main = join(this.#settings.etcRoot, 'sudoers');
    const folder = join(this.#settings.etcRoot, 'sudoers.d');
    try {
      const names = readdirSync(folder).filter((name) => !name.includes('.') && !name.endsWith('~'));
      return [main, ...names.slice(0, maxSudoFiles).map((name) => join(folder, name))];
    } catch {
      return [main];
    }
  }

  *#allKeyChanges(accounts: Accounts, time: number): Generator<AccountChange> {
    this.#listMounts();
    const users = [...accounts.users];
    const whole = users.length <= maxHomesPerLook;
    const from = whole ? 0 : this.#next % users.length;
    const due = whole ? users : [...users, ...users].slice(from, from + maxHomesPerLook);
    this.#next = from + due.length;
    // New files of a turn that is the first for their user were there before: they are remembered.
    const firstTurn = this.#turn === 0 && this.#remembered === undefined;
    for (const [user, { home }] of due) {
      if (home === undefined || !home.startsWith('/') || this.#isRemote(home)) continue;
      // Most users have none, and never had.
      if (!existsSync(`${home}/${keyFolder}`) && !this.#withKeys.has(user)) continue;
      this.#withKeys.add(user);
      for (const name of keyFileNames)
        yield* this.#keyChangesIn(user, join(home, keyFolder, name), firstTurn, accounts, time);
    }
    if (this.#next < users.length) return;
    this.#next = 0;
    this.#turn++;
    for (const [key, { user, seenTurn }] of this.#keys) {
      if (seenTurn >= this.#turn - 1) continue;
      this.#keys.delete(key);
      this.#withKeys.delete(user);
    }
  }

  *#keyChangesIn(
    user: string,
    path: string,
    firstTurn: boolean,
    accounts: Accounts,
    time: number,
  ): Generator<AccountChange> {
    const name = `${user} ${path}`;
    let keys = this.#keys.get(name);
    if (keys === undefined) {
      if (this.#keys.size >= maxKeyFiles) return;
      const before = new Map(this.#remembered?.keys.get(name)?.map((key) => [key.fingerprint, key]));
      keys = { user, path, file: new WatchedFile(path, parseAuthorizedKeys), before, seenTurn: 0 };
      this.#keys.set(name, keys);
    }
    keys.seenTurn = this.#turn;
    if (!keys.file.changed()) return;
    const found = keyChanges(keys.before, keys.file.value);
    keys.before = keys.file.value;
    if (firstTurn) return;
    for (const { action, key, before } of found) {
      yield {
        type: 'account.change',
        time,
        'event.action': action,
        'user.name': user,
        'user.id': accounts.users.get(user)?.id,
        'user.privileged': isPrivileged(accounts, user),
        'file.path': path,
        'authentication.key.type': key.type,
        'authentication.key.fingerprint': key.fingerprint,
        'change.before': before === undefined ? undefined : textOf(before),
        'change.after': action === 'key-removed' ? undefined : textOf(key),
      };
    }
  }

  #isRemote(home: string): boolean {
    const isRemote = this.#remote.some((mount) => home === mount || home.startsWith(`${mount}/`));
    if (isRemote) this.remoteHomes++;
    return isRemote;
  }

  #listMounts(): void {
    const nowMs = Date.now();
    if (Math.abs(nowMs - this.#mountsAtMs) < mountsMs) return;
    this.#mountsAtMs = nowMs;
    this.remoteHomes = 0;
    const text = this.#mounts.text(join(this.#settings.procRoot, 'self/mounts')) ?? '';
    this.#remote = text.split('\n').flatMap((line) => {
      const [, mount = '', type = ''] = line.split(' ', 3);
      return remote.test(type) && mount !== '/' ? [mount] : [];
    });
  }
}

/** A rule's user or group, where it names one and no more. */
function whoOf(subject: string, accounts: Accounts): Partial<AccountChange> {
  if (/^%[^:,\s]+$/.test(subject)) return { 'group.name': subject.slice(1) };
  const user = accounts.users.get(subject);
  return user === undefined ? {} : { 'user.name': subject, 'user.id': user.id };
}

/** The line as it is in the file, with the fingerprint in place of the key. */
function textOf({ options, type, fingerprint, comment }: AuthorizedKey): string {
  return [options, type, fingerprint, comment].filter((part) => part !== '').join(' ');
}
