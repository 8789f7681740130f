import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Homes that are watched, 10 or so paths each. */
export const maxHomes = 256;
const maxPasswdBytes = 4 * 1024 * 1024;
/** Shells of users who never log in. */
const noShell = /\/(?:nologin|false|sync|halt|shutdown)$/;
/** Homes of system users that are no homes. */
const noHome = /^\/(?:|bin|sbin|usr(?:\/.*)?|dev|proc|sys|run|etc|nonexistent|var\/empty)\/?$/;

/** The homes of users who can log in, from passwd(5), read again when it changes. */
export class Homes {
  readonly #path: string;
  readonly #fsRoot: string;
  #homes: readonly string[] = [];
  #version = '';
  #left = 0;

  constructor(etcRoot: string, fsRoot: string) {
    this.#path = join(etcRoot, 'passwd');
    this.#fsRoot = fsRoot;
  }

  /** Homes beyond `maxHomes`, which are not watched. */
  get left(): number {
    return this.#left;
  }

  /** The same array until passwd changes. */
  all(): readonly string[] {
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const version = `${mtimeMs}:${size}:${ino}`;
      if (version === this.#version || size > maxPasswdBytes) return this.#homes;
      this.#read(readFileSync(this.#path, 'utf8'));
      this.#version = version;
    } catch {
      // Without passwd those known last are kept.
    }
    return this.#homes;
  }

  #read(passwd: string): void {
    const homes = new Set<string>();
    for (const line of passwd.split('\n')) {
      const [name, , , , , home = '', shell = ''] = line.split(':');
      // Signs of globs would widen what is watched.
      if (!name || !home.startsWith('/') || noHome.test(home) || noShell.test(shell) || /[*?{}]/.test(home))
        continue;
      homes.add(join(this.#fsRoot, home).replace(/\/$/, ''));
    }
    const all = [...homes];
    this.#left = Math.max(0, all.length - maxHomes);
    const kept = all.slice(0, maxHomes);
    if (kept.join('\n') !== this.#homes.join('\n')) this.#homes = kept;
  }
}
