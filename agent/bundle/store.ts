import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeTrust,
  encodeTrust,
  type OpenedBundle,
  openKeptBundle,
  type Trust,
} from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { readBytes, readText, syncFolder, writeText } from '#shared/files.ts';

/** Says what is kept; whoever replaces it switches the bundle. */
const indexName = 'kept.json';
const ending = '.bundle';
const digestPattern = /^[0-9a-f]{64}$/;

interface Index {
  readonly trust: Trust;
  /** Digests of the bundle in force and of the one before; '' for none. */
  readonly current: string;
  readonly before: string;
}

export interface KeptBundle {
  readonly bundle: OpenedBundle;
  /** It is the one before, because the last was damaged. */
  readonly isPrevious: boolean;
}

export interface Loaded {
  readonly kept?: KeptBundle;
  /** What was found damaged. */
  readonly problem?: VedetteError;
}

/**
 * The bundles of this host and what it trusts, in a folder of their own. A bundle is a file named by its digest, the
 * index says which is in force and is replaced whole, so that a crash leaves the old state or the new one. Readable by
 * its owner only.
 */
export class BundleStore {
  readonly #folder: string;
  #index: Index | undefined;
  /** Why nothing can be trusted: the index is damaged. */
  #damage: VedetteError | undefined;

  /** Throws `data.unreadable`. `pinned` is the trust from enrolment, for a host that has kept none yet. */
  constructor(folder: string, pinned: Trust | undefined) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    try {
      this.#index = this.#readIndex() ?? (pinned && { trust: pinned, current: '', before: '' });
    } catch (error) {
      this.#damage = error as VedetteError;
    }
  }

  get trust(): Trust | undefined {
    return this.#index?.trust;
  }

  /** The last good bundle; where that is damaged the one before; else none, with what is wrong. */
  load(): Loaded {
    if (this.#damage !== undefined) return { problem: this.#damage };
    if (this.#index === undefined || this.#index.current === '') return {};
    const { trust, current, before } = this.#index;
    try {
      return { kept: { bundle: this.#open(current, trust), isPrevious: false } };
    } catch (error) {
      const problem = new VedetteError('bundle.kept_damaged', (error as VedetteError).detail, {
        cause: error,
      });
      try {
        if (before === '') return { problem };
        return {
          problem,
          kept: { bundle: this.#open(before, { ...trust, bundleDigest: before }), isPrevious: true },
        };
      } catch {
        return { problem };
      }
    }
  }

  /** Trusts a root, where none is trusted yet. Throws `data.unreadable`. */
  pin(trust: Trust): void {
    if (this.#index !== undefined || this.#damage !== undefined) return;
    this.#write({ trust, current: '', before: '' });
  }

  /** Makes the bundle the one in force. Throws `data.unreadable`; then the one before still is. */
  keep(bytes: Uint8Array, { digest, trust }: OpenedBundle): void {
    const known = this.#index?.current ?? '';
    const isGood = known !== '' && known !== digest;
    const before = isGood ? known : (this.#index?.before ?? '');
    const path = this.#pathOf(digest);
    writeText(path, bytes);
    this.#write({ trust, current: digest, before: before === digest ? '' : before });
    this.#tidy();
  }

  #open(digest: string, trust: Trust): OpenedBundle {
    const bytes = readBytes(this.#pathOf(digest));
    if (bytes === undefined) throw new VedetteError('bundle.truncated', 'The file is gone.');
    return openKeptBundle(bytes, trust);
  }

  #pathOf(digest: string): string {
    return join(this.#folder, digest + ending);
  }

  #readIndex(): Index | undefined {
    const path = join(this.#folder, indexName);
    const text = readText(path);
    if (text === undefined) return undefined;
    try {
      const { trust, current, before } = JSON.parse(text) as Record<string, unknown>;
      const isDigest = (one: unknown): one is string => one === '' || digestPattern.test(String(one));
      if (typeof trust !== 'string' || !isDigest(current) || !isDigest(before))
        throw new Error('a part is missing');
      return { trust: decodeTrust(Buffer.from(trust, 'base64')), current, before };
    } catch (error) {
      throw new VedetteError('data.corrupt', `${path}: ${(error as Error).message}.`, { cause: error });
    }
  }

  #write(index: Index): void {
    const trust = Buffer.from(encodeTrust(index.trust)).toString('base64');
    writeText(join(this.#folder, indexName), `${JSON.stringify({ ...index, trust })}\n`);
    syncFolder(this.#folder);
    this.#index = index;
  }

  /** Removes what the index does not name. */
  #tidy(): void {
    const kept = [this.#index?.current, this.#index?.before].map((digest) => `${digest}${ending}`);
    try {
      for (const name of readdirSync(this.#folder))
        if (name !== indexName && !kept.includes(name)) rmSync(join(this.#folder, name), { force: true });
    } catch {
      // The next one removes it.
    }
  }
}
