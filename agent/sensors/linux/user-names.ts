import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const maxFileBytes = 4 * 1024 * 1024;
const recheckMs = 2000;

/** Names of local users by id, from passwd(5), or of groups, from group(5); read again when the file changes. */
export class UserNames {
  readonly #path: string;
  #names = new Map<string, string>();
  #version = '';
  #checkedAtMs = 0;

  constructor(etcRoot: string, file: 'passwd' | 'group' = 'passwd') {
    this.#path = join(etcRoot, file);
  }

  /** The name, or undefined for an id that no local user has. */
  nameOf(userId: string | undefined): string | undefined {
    if (userId === undefined) return undefined;
    const nowMs = Date.now();
    if (nowMs - this.#checkedAtMs >= recheckMs || nowMs < this.#checkedAtMs) {
      this.#checkedAtMs = nowMs;
      this.#refresh();
    }
    return this.#names.get(userId);
  }

  /** Names of all local users by id. */
  all(): ReadonlyMap<string, string> {
    this.#refresh();
    return this.#names;
  }

  #refresh(): void {
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const version = `${mtimeMs}:${size}:${ino}`;
      if (version === this.#version || size > maxFileBytes) return;
      const names = new Map<string, string>();
      for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
        const [name, , id] = line.split(':', 3);
        if (name && id && !names.has(id)) names.set(id, name);
      }
      this.#names = names;
      this.#version = version;
    } catch {
      this.#version = '';
    }
  }
}
