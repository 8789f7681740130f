/** All stored events at one moment: the files of the manifest, and the batches that are still in the journal. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import { type KeyRing, noKeyRing } from '../../../encryption/key-ring.ts';
import { unseal } from '../../../encryption/sealed.ts';
import { openDatabase } from '../../journal/database.ts';
import { placeOf } from '../../journal/place.ts';
import { Manifest } from '../../segments/manifest.ts';
import { type TailBatch, type TailFile, writeTailBlock } from './tail-block.ts';

/** A sealed file as the manifest lists it. */
export interface SegmentFile {
  readonly id: number;
  readonly type: string;
  /** Absolute. */
  readonly path: string;
  readonly minTime: number;
  readonly maxTime: number;
  /** Id of the key it is encrypted under; null in the clear. */
  readonly key: string | null;
}

export interface Snapshot {
  readonly segments: readonly SegmentFile[];
  readonly tail: readonly TailFile[];
  /** Batches of the tail that did not decode. */
  readonly damagedBatches: number;
  /** Its tail files may be removed from then on. */
  release(): void;
}

/** Most events of one block; larger ones are not merged any further. */
export const maxBlockEvents = 65_536;
/** So many blocks of about one size become one of the next. */
const blocksToMerge = 4;
/** Most bytes of batches, as they are stored, that are decoded for one block. */
const maxBlockBytes = 16 * 1024 ** 2;

/** Batches of the journal that are encoded together, and the files they are in. */
interface Block {
  readonly ids: readonly number[];
  readonly events: number;
  readonly bytes: number;
  /** Types whose events are in files, if it has any. */
  readonly encoded: Set<string>;
  readonly files: TailFile[];
  /** Ids of batches that do not decode. */
  readonly damaged: Set<number>;
  /** Of its files among those of this folder. */
  readonly prefix: string;
  /** Snapshots that use it, and one more while it is kept. */
  users: number;
}

/** A row of the journal before its events are read. */
interface Entry {
  readonly id: number;
  readonly events: number;
  readonly bytes: number;
}

const fullerThan = (block: { events: number; bytes: number }) =>
  block.events >= maxBlockEvents || block.bytes >= maxBlockBytes;

/** Blocks of one size differ by less than `blocksToMerge` times. */
const sizeOf = ({ events }: { events: number }) => Math.floor(Math.log(events + 1) / Math.log(blocksToMerge));

/**
 * Keeps the journal's tail encoded in a private folder, of each block the types that somebody asked for. What has been
 * encoded once stays until its batches leave the journal; small blocks are merged where there are several, so that
 * there are few files and no event is encoded more than some eight times, however often somebody asks.
 */
export class Snapshots {
  readonly #db: Database.Database;
  readonly #segmentFolder: string;
  readonly #tailFolder: string;
  readonly #ring: KeyRing;
  #blocks: Block[] = [];
  #made = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(journalPath: string, segmentFolder: string, tailFolder: string, ring: KeyRing = noKeyRing) {
    this.#db = openDatabase(journalPath, true);
    this.#segmentFolder = segmentFolder;
    this.#tailFolder = tailFolder;
    this.#ring = ring;
  }

  /**
   * What is stored now of these types. Encodes what was not yet; `hunt.limit` when that takes beyond `deadline`
   * (milliseconds of `performance.now()`) - what was encoded by then is kept. Throws `data.*`.
   */
  take(types: ReadonlySet<string>, deadline: number): Promise<Snapshot> {
    const taken = this.#turn.then(() => this.#take(types, deadline));
    this.#turn = taken.catch(() => undefined);
    return taken;
  }

  async #take(types: ReadonlySet<string>, deadline: number): Promise<Snapshot> {
    // One read transaction over manifest and journal: a batch that is sealed meanwhile is seen in one of them.
    this.#db.exec('BEGIN');
    try {
      const segments = this.#segments().filter(({ type }) => types.has(type));
      const entries = this.#db
        .prepare('SELECT id, stored AS events, length(data) AS bytes FROM batch ORDER BY id')
        .all() as Entry[];
      this.#dropGone(new Set(entries.map(({ id }) => id)));
      this.#addNew(entries);
      await this.#encode(types, deadline);
      return this.#snapshot(segments, types);
    } finally {
      this.#db.exec('COMMIT');
    }
  }

  #snapshot(segments: readonly SegmentFile[], types: ReadonlySet<string>): Snapshot {
    const blocks = [...this.#blocks];
    for (const block of blocks) block.users++;
    let isReleased = false;
    return {
      segments,
      tail: blocks.flatMap(({ files }) => files.filter(({ type }) => types.has(type))),
      damagedBatches: blocks.reduce((sum, { damaged }) => sum + damaged.size, 0),
      release: () => {
        if (!isReleased) for (const block of blocks) this.#leave(block);
        isReleased = true;
      },
    };
  }

  #segments(): readonly SegmentFile[] {
    const rows = new Manifest(this.#db).list();
    return rows.map((row) => ({ ...row, path: join(this.#segmentFolder, row.path) }));
  }

  #leave(block: Block): void {
    block.users--;
    if (block.users === 0) for (const { path } of block.files) rmSync(path, { force: true });
  }

  /** Blocks of which a batch has left the journal go; their other batches are encoded anew. */
  #dropGone(present: ReadonlySet<number>): void {
    const stays = (block: Block) => block.ids.every((id) => present.has(id));
    const gone = this.#blocks.filter((block) => !stays(block));
    this.#blocks = this.#blocks.filter(stays);
    for (const block of gone) this.#leave(block);
  }

  /** Blocks of the batches that are in none. */
  #addNew(entries: readonly Entry[]): void {
    const known = new Set(this.#blocks.flatMap(({ ids }) => ids));
    const missing = entries.filter(({ id }) => !known.has(id));
    for (let at = 0; at < missing.length; ) {
      const part: Entry[] = [];
      const size = { events: 0, bytes: 0 };
      while (at < missing.length && (part.length === 0 || !fullerThan(size))) {
        const entry = missing[at++] as Entry;
        part.push(entry);
        size.events += entry.events;
        size.bytes += entry.bytes;
      }
      this.#add(part, size);
    }
  }

  async #encode(types: ReadonlySet<string>, deadline: number): Promise<void> {
    const unready = this.#blocks.filter(({ encoded }) => [...types].some((type) => !encoded.has(type)));
    for (const [at, block] of unready.entries()) {
      if (performance.now() > deadline) {
        const detail = `Reading the journal took too long: ${at} of ${unready.length} blocks of it are ready. What is ready stays so.`;
        throw new VedetteError('hunt.limit', detail);
      }
      const wanted = new Set([...types].filter((type) => !block.encoded.has(type)));
      const files = writeTailBlock(this.#batches(block.ids), wanted, block.prefix, this.#ring.current, (id) =>
        block.damaged.add(id),
      );
      block.files.push(...files);
      for (const type of wanted) block.encoded.add(type);
      // Other statements are served between blocks.
      await setImmediate();
    }
  }

  /** How many of the last blocks are worth being merged with what comes after them. */
  #mergeable(after: { events: number; bytes: number }): number {
    let { events, bytes } = after;
    // What comes of a merge may be worth being merged with those before it.
    for (let chosen = 0; ; ) {
      const size = sizeOf({ events });
      let isFull = false;
      let from = this.#blocks.length - chosen;
      const sum = { events, bytes };
      for (; from > 0; from--) {
        const block = this.#blocks[from - 1] as Block;
        isFull = sum.events + block.events > maxBlockEvents || sum.bytes + block.bytes > maxBlockBytes;
        if (isFull || sizeOf(block) > size) break;
        sum.events += block.events;
        sum.bytes += block.bytes;
      }
      const found = this.#blocks.length - from - chosen;
      if (found === 0 || !(isFull || found + 1 >= blocksToMerge)) return chosen;
      chosen += found;
      events = sum.events;
      bytes = sum.bytes;
    }
  }

  /** A block of a part, together with the small blocks before it where there are enough of them. */
  #add(part: readonly Entry[], size: { events: number; bytes: number }): void {
    const merged = this.#blocks.splice(this.#blocks.length - this.#mergeable(size));
    this.#blocks.push({
      ids: [...merged.flatMap((block) => block.ids), ...part.map(({ id }) => id)],
      events: merged.reduce((sum, block) => sum + block.events, size.events),
      bytes: merged.reduce((sum, block) => sum + block.bytes, size.bytes),
      ...{ encoded: new Set<string>(), files: [], damaged: new Set<number>() },
      prefix: join(this.#tailFolder, `tail-${++this.#made}`),
      users: 1,
    });
    for (const block of merged) this.#leave(block);
  }

  #batches(ids: readonly number[]): TailBatch[] {
    const one = this.#db.prepare(
      'SELECT id, host AS hostId, stream, sequence, received_at AS receivedAt, data FROM batch WHERE id = ?',
    );
    return ids.map((id) => {
      const row = one.get(id) as TailBatch & { readonly data: Buffer };
      return { ...row, data: unseal(row.data, this.#ring, placeOf(row.hostId, row.stream, row.sequence)) };
    });
  }

  close(): void {
    this.#db.close();
  }
}
