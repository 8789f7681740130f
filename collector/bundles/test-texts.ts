import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeText } from '#shared/files.ts';
import { type SourceFiles, testName } from './source.ts';

/** Files kept at most; beyond, those no kept bundle names go. */
export const maxTestFiles = 20_000;

const hashOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const isHash = /^[0-9a-f]{64}$/;

/**
 * Tests of rules, which stay outside of bundles. A manifest has their hashes; here are the texts by hash, so that who
 * edits a rule of the bundle in force finds its tests again.
 */
export class TestTexts {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps the tests of a source; `named` gives the hashes that are still needed, and is asked when there are too many. */
  async keep(source: SourceFiles, named: () => Promise<ReadonlySet<string>>): Promise<void> {
    const tests = [...source].filter(([path]) => testName.test(path));
    if (tests.length === 0) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const there = new Set(await readdir(this.#folder));
    const missing = new Map(tests.map(([, data]) => [hashOf(data), data]));
    for (const hash of there) missing.delete(hash);
    for (const [hash, data] of missing) writeText(join(this.#folder, hash), data);
    if (there.size + missing.size > maxTestFiles) await this.#prune(await named());
  }

  /** The text with this hash; undefined when it was never kept, or is not what it was. */
  async read(hash: string): Promise<Uint8Array | undefined> {
    if (!isHash.test(hash)) return undefined;
    const data = await readFile(join(this.#folder, hash)).catch(() => undefined);
    return data !== undefined && hashOf(data) === hash ? data : undefined;
  }

  async #prune(named: ReadonlySet<string>): Promise<void> {
    for (const hash of await readdir(this.#folder)) {
      if (!named.has(hash)) await rm(join(this.#folder, hash), { force: true, recursive: true });
    }
  }
}
