/** Moves the oldest batches of the journal into segments. */
import type Database from 'better-sqlite3';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { type Key, type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import { unseal } from '../../encryption/sealed.ts';
import { placeOf } from '../journal/place.ts';
import { Manifest } from './manifest.ts';
import { SegmentWriter } from './segment-writer.ts';
import { dayUs, TypeGatherer } from './type-gatherer.ts';

/** Most events and bytes of batches that one run takes; what it holds in memory is bounded by a row group of each type. */
export interface RunBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface SealedRun {
  readonly batches: number;
  readonly events: number;
  readonly segments: number;
  readonly sizeBytes: number;
}

/** When, and under which key. */
interface Sealing {
  readonly nowUs: number;
  readonly key: Key | undefined;
}

interface BatchRow {
  readonly id: number;
  readonly host: string;
  readonly stream: string;
  readonly sequence: number;
  readonly stored: number;
  readonly counts: string;
  readonly received_at: number;
}

const specByType: ReadonlyMap<string, EventSpec> = new Map(Object.entries(eventSpecs));

/** What of the journal one run takes. */
const candidates = `SELECT id, host, stream, sequence, stored, counts, received_at, length(data) AS bytes FROM batch
  WHERE id > ? AND id <= ? AND id < (SELECT max(id) FROM batch) ORDER BY id`;

/** Day and type as folders; a name of its own for each run. */
export function segmentPath(type: string, day: number, name: string): string {
  return `${new Date((day * dayUs) / 1000).toISOString().slice(0, 10)}/${type}/${name}.parquet`;
}

export class Sealer {
  readonly #db: Database.Database;
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #ring: KeyRing;
  /** Batches up to this one that are still in the journal cannot be sealed. */
  #passed = 0;

  /** A connection that may write to the journal's database, and the folder of segments. */
  constructor(db: Database.Database, folder: string, ring: KeyRing = noKeyRing) {
    this.#db = db;
    this.#folder = folder;
    this.#manifest = new Manifest(db);
    this.#ring = ring;
  }

  /**
   * Seals batches with ids up to `upTo`, oldest first. The last batch of the journal always stays, so that its ids go
   * on growing; so does one that does not decode, or holds what only a newer version knows. Undefined when there is
   * nothing to seal. Throws when the disk refuses; then nothing has changed.
   */
  run(
    upTo: number,
    bounds: RunBounds,
    nowUs: number,
    isToStop: () => boolean = () => false,
  ): SealedRun | undefined {
    const rows = this.#choose(upTo, bounds);
    if (rows.length === 0) return undefined;
    const writers: SegmentWriter[] = [];
    const key = this.#ring.current;
    try {
      const taken = this.#write(rows, writers, { nowUs, key }, isToStop);
      if (taken === undefined) return undefined;
      for (const writer of writers) writer.finish({ 'vedette.batches': `${rows[0]?.id}-${rows.at(-1)?.id}` });
      this.#commit(taken, writers, { nowUs, key });
      const sizeBytes = writers.reduce((sum, writer) => sum + writer.sizeBytes, 0);
      const events = writers.reduce((sum, writer) => sum + writer.rows, 0);
      return { batches: taken.length, events, segments: writers.length, sizeBytes };
    } catch (error) {
      for (const writer of writers) writer.abandon();
      throw error;
    }
  }

  #choose(upTo: number, { maxEvents, maxBytes }: RunBounds): BatchRow[] {
    const rows: BatchRow[] = [];
    let events = 0;
    let bytes = 0;
    const found = this.#db.prepare(candidates).iterate(this.#passed, upTo) as IterableIterator<
      BatchRow & { bytes: number }
    >;
    for (const row of found) {
      rows.push(row);
      events += row.stored;
      bytes += row.bytes;
      if (events >= maxEvents || bytes >= maxBytes) break;
    }
    return rows;
  }

  /** Gives the batches that were written; undefined when told to stop. */
  #write(
    rows: readonly BatchRow[],
    writers: SegmentWriter[],
    { nowUs, key }: Sealing,
    isToStop: () => boolean,
  ): readonly BatchRow[] | undefined {
    const byPlace = new Map<string, SegmentWriter>();
    const name = `${nowUs}-${rows[0]?.id}`;
    const gatherers = new Map<string, TypeGatherer>();
    for (const [type, expected] of totalsOf(rows)) {
      const spec = specByType.get(type);
      if (spec === undefined) continue;
      const open: ConstructorParameters<typeof TypeGatherer>[2] = (day, specs) => {
        const path = segmentPath(type, day, name);
        let writer = byPlace.get(path);
        if (writer === undefined) {
          writer = new SegmentWriter(this.#folder, path, specs, key);
          byPlace.set(path, writer);
          writers.push(writer);
        }
        return writer;
      };
      gatherers.set(type, new TypeGatherer(spec, expected, open));
    }
    const data = this.#db.prepare('SELECT data FROM batch WHERE id = ?').pluck();
    const taken: BatchRow[] = [];
    let isPassing = true;
    for (const row of rows) {
      if (isToStop()) return abandoned(writers);
      const place = placeOf(row.host, row.stream, row.sequence);
      const decoded = decodeBatch(unseal(data.get(row.id) as Buffer, this.#ring, place));
      const isKnown = decoded.ok && decoded.value.unknown.events === 0 && decoded.value.unknown.columns === 0;
      if (!isKnown) {
        if (isPassing) this.#passed = row.id;
        continue;
      }
      isPassing = false;
      const { host: hostId, stream, sequence, received_at: receivedAt } = row;
      for (const { offset, events } of decoded.value.groups)
        gatherers.get(events.type)?.add(events, offset, { hostId, stream, sequence, receivedAt });
      taken.push(row);
    }
    for (const gatherer of gatherers.values()) gatherer.flush();
    return taken.length === 0 ? abandoned(writers) : taken;
  }

  /** From here on the segments count and the batches are gone, both or neither. */
  #commit(taken: readonly BatchRow[], writers: readonly SegmentWriter[], { nowUs, key }: Sealing): void {
    const remove = this.#db.prepare('DELETE FROM batch WHERE id = ? RETURNING stored, length(data) AS bytes');
    const count = this.#db.prepare(
      `INSERT INTO sealed (host, stream, batches) VALUES (?, ?, ?)
       ON CONFLICT (host, stream) DO UPDATE SET batches = batches + excluded.batches`,
    );
    const commit = this.#db.transaction(() => {
      for (const { path, rows, sizeBytes, minTime, maxTime } of writers) {
        const [, type] = path.split('/') as [string, string];
        const day = Math.floor(minTime / dayUs);
        this.#manifest.add({
          type,
          day,
          path,
          rows,
          sizeBytes,
          minTime,
          maxTime,
          sealedAt: nowUs,
          key: key?.id ?? null,
        });
      }
      let events = 0;
      let bytes = 0;
      const streams = new Map<string, { host: string; stream: string; batches: number }>();
      for (const { id, host, stream } of taken) {
        const removed = remove.get(id) as { stored: number; bytes: number };
        events += removed.stored;
        bytes += removed.bytes;
        const key = `${host}:${stream}`;
        const known = streams.get(key);
        if (known === undefined) streams.set(key, { host, stream, batches: 1 });
        else known.batches++;
      }
      for (const { host, stream, batches } of streams.values()) count.run(host, stream, batches);
      this.#db
        .prepare('UPDATE total SET batches = batches - ?, events = events - ?, size = size - ?')
        .run(taken.length, events, bytes);
    });
    commit.immediate();
  }
}

function abandoned(writers: readonly SegmentWriter[]): undefined {
  for (const writer of writers) writer.abandon();
  return undefined;
}

function totalsOf(rows: readonly BatchRow[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { counts } of rows) {
    for (const [type, n] of Object.entries(JSON.parse(counts) as Record<string, number>))
      totals.set(type, (totals.get(type) ?? 0) + n);
  }
  return totals;
}
