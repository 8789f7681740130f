import { setImmediate } from 'node:timers/promises';
import type { KeyRing } from '../../../encryption/key-ring.ts';
import { columnsOfFooter, readFooter } from '../../segments/parquet/footer.ts';
import { FileGone } from './failure.ts';
import type { SegmentFile } from './snapshot.ts';

/** Most files whose columns are remembered. */
const maxFiles = 100_000;
/** Files looked at before others have their turn. */
const lookedAtOnce = 100;

/** Which columns segments have. They never change, so each file is looked at once. */
export class FileColumns {
  readonly #ring: KeyRing;
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** Sets that are alike are one. */
  readonly #sets = new Map<string, ReadonlySet<string>>();

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** By path. Throws `FileGone`, and `encryption.*` or `data.corrupt` when one cannot be decrypted. */
  async of(segments: readonly SegmentFile[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const missing = segments.filter(({ path }) => !this.#known.has(path));
    if (this.#known.size + missing.length > maxFiles) this.#known.clear();
    for (const [i, { path }] of missing.entries()) {
      if (i % lookedAtOnce === lookedAtOnce - 1) await setImmediate();
      this.#known.set(path, this.#look(path));
    }
    return this.#known;
  }

  #look(path: string): ReadonlySet<string> {
    const names = columnsOfFooter(this.#read(path));
    const key = names.join(',');
    const set = this.#sets.get(key) ?? new Set(names);
    this.#sets.set(key, set);
    return set;
  }

  #read(path: string) {
    try {
      return readFooter(path, (id = '') => this.#ring.byId(id));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new FileGone(`${path} was replaced.`);
      throw error;
    }
  }
}
