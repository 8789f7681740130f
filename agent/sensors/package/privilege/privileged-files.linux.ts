import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { nowUs } from '#shared/clock.ts';
import { ContentHash, inlineBytes } from '../../file/content-hash.ts';
import { type IdNames, octal } from '../../file/events.ts';
import { shownPath } from '../../file/names.ts';
import { isLocal, readMounts } from '../../linux/mounts.ts';
import { UserNames } from '../../linux/user-names.ts';
import type { Settings } from '../../options.ts';
import { Pace } from '../../pace.ts';
import type { Emit } from '../../sensor.ts';
import { modifiedAt } from '../modified-at.ts';
import { fileCapabilities } from './capabilities.linux.ts';
import { type Owner, ownersOf } from './owners.linux.ts';
import { statsAt, walkForPrivileges } from './walk.linux.ts';

/** Files with special rights that are kept; a host has some dozens. */
export const maxPrivileged = 10_000;
/** Larger programs are told without a hash. */
const maxHashBytes = 64 * 1024 ** 2;
const hashBytesPerSecond = 4 * 1024 ** 2;

/** File systems of containers and machines, which have packages of their own. Under the root for /var. */
const otherHosts = ['docker', 'containers', 'containerd', 'lxc', 'lxd', 'machines', 'kubelet/pods'];

interface Privileged {
  readonly stats: Stats;
  readonly capabilities: string | undefined;
}

interface Known extends Privileged {
  readonly hash: string | undefined;
  /** Undefined where no package system could be asked. */
  readonly packaged: boolean | undefined;
  readonly owner: Owner | undefined;
}

/**
 * Walks the local file systems from time to time for files that give rights: set-uid, set-gid and file capabilities.
 * Tells each one the first time, and then what came, changed and went.
 */
export class PrivilegedFiles {
  readonly #settings: Settings;
  readonly #emit: Emit;
  readonly #onError: (error: unknown) => void;
  readonly #pace: Pace;
  readonly #ending = new AbortController();
  readonly #hash = new ContentHash({ maxBytes: maxHashBytes, bytesPerSecond: hashBytesPerSecond });
  readonly #names: IdNames;
  #known = new Map<string, Known>();
  #walks = 0;
  #gaps = '';
  #running: Promise<void> = Promise.resolve();

  constructor(settings: Settings, emit: Emit, onError: (error: unknown) => void) {
    this.#settings = settings;
    this.#emit = emit;
    this.#onError = onError;
    this.#pace = new Pace(settings.package.privilegeEntriesPerSecond);
    const [users, groups] = [new UserNames(settings.etcRoot), new UserNames(settings.etcRoot, 'group')];
    this.#names = { userName: (id) => users.nameOf(id), groupName: (id) => groups.nameOf(id) };
  }

  /** What the last walk did not see, in words. */
  get gaps(): string {
    return this.#gaps;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#pace.close();
    this.#ending.abort();
    await this.#hash.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { firstPassMs, privilegePassMs } = this.#settings.package;
    let waitMs = firstPassMs;
    while (!this.#pace.isClosed) {
      try {
        await this.#pace.rest(waitMs);
        const beganMs = Date.now();
        waitMs = privilegePassMs;
        await this.#walk();
        waitMs = Math.max(0, privilegePassMs - (Date.now() - beganMs));
      } catch (error) {
        if (!this.#pace.isClosed) this.#onError(error);
      }
    }
  }

  async #walk(): Promise<void> {
    const { fsRoot } = this.#settings;
    const strange = this.#strange();
    const skips = (folder: string) => strange.has(folder);
    const found = new Map<string, Privileged>();
    const gaps = await walkForPrivileges({
      root: fsRoot,
      skips,
      pace: this.#pace,
      found(path, stats) {
        if (found.size < maxPrivileged) found.set(path, { stats, capabilities: undefined });
      },
    });
    const holdsStrange = (folder: string) => {
      const prefix = folder === '/' ? '/' : `${folder}/`;
      return skips(folder) || [...strange].some((path) => path.startsWith(prefix));
    };
    const capabilities = await fileCapabilities(fsRoot, skips, holdsStrange, this.#ending.signal);
    if (typeof capabilities !== 'string') {
      for (const [path, text] of capabilities) {
        const stats = found.get(path)?.stats ?? statsAt(path);
        if (stats !== undefined && found.size < maxPrivileged) found.set(path, { stats, capabilities: text });
      }
    }
    this.#gaps = [
      gaps.folders > 0 ? `${gaps.folders} folders could not be walked for set-uid files` : '',
      typeof capabilities === 'string' ? `file capabilities are not seen: ${capabilities}` : '',
      found.size >= maxPrivileged ? `only ${maxPrivileged} files with special rights are kept` : '',
    ]
      .filter((text) => text !== '')
      .join('; ');
    await this.#compare(found, typeof capabilities !== 'string');
  }

  /** Folders that are not walked. */
  #strange(): ReadonlySet<string> {
    const { procRoot, varRoot } = this.#settings;
    const mounts = readMounts(procRoot).filter((mount) => !isLocal(mount));
    return new Set([
      ...mounts.map(({ path }) => path),
      ...otherHosts.map((name) => join(varRoot, 'lib', name)),
    ]);
  }

  async #compare(found: ReadonlyMap<string, Privileged>, sawCapabilities: boolean): Promise<void> {
    const isSame = (path: string, one: Privileged) => {
      const known = this.#known.get(path);
      return (
        known?.stats.ctimeMs === one.stats.ctimeMs &&
        known.stats.ino === one.stats.ino &&
        known.capabilities === one.capabilities
      );
    };
    const news = [...found].filter(([path, one]) => !isSame(path, one));
    const owners =
      news.length === 0
        ? undefined
        : await ownersOf(
            news.map(([path]) => path),
            this.#settings,
          );
    const next = new Map<string, Known>();
    for (const [path, one] of found) {
      const known = this.#known.get(path);
      if (known !== undefined && isSame(path, one)) {
        next.set(path, known);
        continue;
      }
      const hash = one.stats.size <= inlineBytes ? this.#hash.now(path) : await this.#hash.later(path);
      if (this.#pace.isClosed) return;
      const owner = owners?.get(path);
      const now: Known = {
        ...one,
        hash,
        owner,
        packaged: owners === undefined ? undefined : owner !== undefined,
      };
      next.set(path, now);
      this.#tell(path, known === undefined ? 'found' : 'changed', now);
    }
    for (const [path, known] of this.#known) {
      if (next.has(path)) continue;
      // Without an answer about capabilities, what had nothing else is still taken to have them.
      if (!sawCapabilities && known.capabilities !== undefined && statsAt(path) !== undefined)
        next.set(path, known);
      else this.#tell(path, 'gone', known);
    }
    this.#known = next;
    this.#walks++;
  }

  #tell(
    path: string,
    action: 'found' | 'changed' | 'gone',
    { stats, capabilities, hash, packaged, owner }: Known,
  ): void {
    const shown = shownPath(path);
    const [uid, gid] = [String(stats.uid), String(stats.gid)];
    this.#emit({
      type: 'file.privilege',
      time: nowUs(),
      'event.action': action,
      'event.baseline': (this.#walks === 0 && action === 'found') || undefined,
      'file.path': shown,
      'file.name': shown.slice(shown.lastIndexOf('/') + 1),
      'file.size': stats.size,
      'file.mode': octal(stats.mode & 0o7777),
      'file.uid': uid,
      'file.owner': this.#names.userName(uid),
      'file.gid': gid,
      'file.group': this.#names.groupName(gid),
      'file.inode': String(stats.ino),
      'file.mtime': modifiedAt(path, stats),
      'file.hash.sha256': hash,
      'file.capabilities': capabilities,
      'file.packaged': packaged,
      'package.name': owner?.name,
      'package.type': owner?.type,
    });
  }
}
