import Database from 'better-sqlite3';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { rowAt } from '#shared/schema/columns.ts';
import type { BatchRow } from './database.ts';
import { lossBatch } from './loss.ts';
import type { Mark } from './marks.ts';

/** Rows between the readable ends of a damaged table that are asked for one by one. */
const maxSingles = 1_000_000;

export interface Salvaged {
  /** Batches that could be read. */
  readonly batches: number;
  /** Events declared lost. */
  readonly lost: number;
}

/** Where a row is, without what it holds. */
type Place = Pick<BatchRow, 'id' | 'stream' | 'sequence'>;

const places = 'SELECT id, stream, sequence FROM batch NOT INDEXED';
const insert = `INSERT INTO batch
  (stream, sequence, rank, events, counts, collected, min_time, max_time, created_ms, given_up, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/**
 * Takes the batches that can still be read over from a damaged outbox into a new one, under their own streams and
 * sequences. What is missing between them, and up to the marks, is declared lost: the count of collected events that
 * each batch carries tells how many that is, exactly.
 */
export function salvage(from: string, into: Database.Database, marks: ReadonlyMap<string, Mark>): Salvaged {
  const damaged = openDamaged(from);
  const streams = Map.groupBy(damaged === undefined ? [] : placesOf(damaged), (place) => place.stream);
  const put = into.prepare(insert);
  const total = { batches: 0, lost: 0 };
  for (const stream of new Set([...streams.keys(), ...marks.keys()])) {
    const found = (streams.get(stream) ?? []).sort((a, b) => a.sequence - b.sequence);
    const copy = new StreamCopy(stream, marks.get(stream), put);
    into.transaction(() => {
      for (const { id } of found) {
        const row = damaged && soundRow(damaged, id);
        if (row !== undefined) copy.take(row);
      }
      copy.end();
    })();
    total.batches += copy.batches;
    total.lost += copy.lost;
  }
  if (damaged !== undefined) copyAcknowledged(damaged, into);
  try {
    damaged?.close();
  } catch {
    // A damaged log cannot be written back; the file stays as it is.
  }
  return total;
}

/** Copies the batches of one stream in order and declares what is missing of it. */
class StreamCopy {
  readonly #stream: string;
  readonly #mark: Mark | undefined;
  readonly #put: Database.Statement;
  #last: { sequence: number; collected: number; rank: number; timeUs: number } | undefined;
  batches = 0;
  lost = 0;

  constructor(stream: string, mark: Mark | undefined, put: Database.Statement) {
    this.#stream = stream;
    this.#mark = mark;
    this.#put = put;
    if (mark === undefined) return;
    const { ackedSequence: sequence, ackedCollected: collected } = mark;
    this.#last = { sequence, collected, rank: 0, timeUs: Date.now() * 1000 };
  }

  take(row: BatchRow): void {
    const { sequence, collected, rank } = row;
    const before = collected - accountedFor(row.data);
    // Without a mark, what came before the first that can be read may have been acknowledged.
    this.#last ??= { sequence: sequence - 1, collected: before, rank, timeUs: row.min_time };
    if (sequence <= this.#last.sequence) return;
    this.#fill(sequence - 1, before, row.min_time);
    this.#put.run(
      ...[row.stream, sequence, rank, row.events, row.counts, collected],
      ...[row.min_time, row.max_time, row.created_ms, row.given_up, row.data],
    );
    this.#last = { sequence, collected, rank, timeUs: row.max_time };
    this.batches++;
  }

  end(): void {
    if (this.#mark !== undefined) this.#fill(this.#mark.sequence, this.#mark.collected, Date.now() * 1000);
  }

  /** Declares what is missing up to and including `sequence`, where `collected` events had been collected. */
  #fill(sequence: number, collected: number, toUs: number): void {
    const last = this.#last;
    if (last === undefined || sequence <= last.sequence) return;
    const from = Math.min(last.timeUs, toUs);
    // Each batch stood for one event at least; the first declares all but those.
    let count = Math.max(0, collected - last.collected - (sequence - last.sequence - 1));
    while (last.sequence < sequence) {
      const batch = lossBatch({ unknown: count }, new Uint8Array(), 'outbox-corrupt', from, toUs);
      last.sequence++;
      last.collected += count;
      this.lost += count;
      this.#put.run(
        ...[this.#stream, last.sequence, last.rank, 0, JSON.stringify(batch.counts), last.collected],
        ...[batch.minTime, batch.maxTime, Date.now(), 1, batch.data],
      );
      count = 1;
    }
  }
}

/** Events a batch stands for: those it holds, and those its losses declare. */
function accountedFor(data: Uint8Array): number {
  const decoded = decodeBatch(data);
  if (!decoded.ok) return 0;
  let sum = decoded.value.unknown.events;
  for (const { events } of decoded.value.groups) {
    if (events.type !== 'loss') sum += events.count;
    else for (let i = 0; i < events.count; i++) sum += Number(rowAt(events, i)['loss.count']) || 0;
  }
  return sum;
}

/** How far streams were acknowledged, as far as that can be read. */
function copyAcknowledged(damaged: Database.Database, into: Database.Database): void {
  const rows = attempt(() =>
    damaged.prepare('SELECT stream, host, sequence, collected FROM acknowledged').raw().all(),
  );
  const put = into.prepare(
    'INSERT OR IGNORE INTO acknowledged (stream, host, sequence, collected) VALUES (?, ?, ?, ?)',
  );
  for (const row of (rows ?? []) as unknown[][]) attempt(() => put.run(...row));
}

function openDamaged(path: string): Database.Database | undefined {
  try {
    return new Database(path, { fileMustExist: true });
  } catch {
    return undefined;
  }
}

/** Every row that can be found: from the first up to the damage, from the last down to it, and singly in between. */
function placesOf(db: Database.Database): Place[] {
  const found = new Map<number, Place>();
  const walk = (order: 'ASC' | 'DESC'): number | undefined => {
    let last: number | undefined;
    try {
      for (const row of db.prepare(`${places} ORDER BY id ${order}`).iterate()) {
        const place = row as Place;
        if (found.has(place.id)) break;
        found.set(place.id, place);
        last = place.id;
      }
    } catch {
      // This is where the damage begins.
    }
    return last;
  };
  const low = walk('ASC');
  const high = walk('DESC');
  if (high !== undefined) {
    const single = db.prepare(`${places} WHERE id = ?`);
    const from = Math.max(low ?? 0, high - maxSingles) + 1;
    for (let id = from; id < high; id++) {
      const place = attempt(() => single.get(id)) as Place | undefined;
      if (place !== undefined) found.set(id, place);
    }
  }
  const isSound = ({ stream, sequence }: Place) =>
    typeof stream === 'string' &&
    /^[0-9a-f]{16}$/.test(stream) &&
    Number.isSafeInteger(sequence) &&
    sequence > 0;
  return [...found.values()].filter(isSound);
}

/** The whole row; undefined when it cannot be read, or was changed without SQLite noticing. */
function soundRow(db: Database.Database, id: number): BatchRow | undefined {
  const row = attempt(() => db.prepare('SELECT * FROM batch WHERE id = ?').get(id)) as BatchRow | undefined;
  if (row === undefined || !Buffer.isBuffer(row.data) || typeof row.counts !== 'string') return undefined;
  const numbers = [row.events, row.collected, row.min_time, row.max_time, row.created_ms];
  const isSound = numbers.every((n) => Number.isSafeInteger(n) && n >= 0) && Number.isSafeInteger(row.rank);
  return isSound && decodeBatch(row.data).ok ? row : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
