/** Search in the journal in order of arrival, for following. */
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { rowAt } from '#shared/schema/columns.ts';
import type { EventQuery } from '../contract.ts';
import type { JournalBatch, JournalReader } from '../journal/contract.ts';
import { type FoundEvent, foundOf, type PlacedEvent } from './event-order.ts';
import { FilterMatcher } from './match.ts';
import { batchFilterOf } from './tail-search.ts';

const readSize = 16;
/** A search that takes longer gives what it has, with a cursor to go on from. */
const budgetMs = 2000;

/** In batch `id`, `skip` of its matching events were given already; what was given arrived by `receivedAt`. */
export interface ArrivalCursor {
  readonly id: number;
  readonly skip: number;
  readonly receivedAt: number;
}

export interface ArrivalPage {
  readonly items: readonly FoundEvent[];
  readonly next: string;
  /** Batches between the cursor and this one are not in the journal any more; nothing else was looked at. */
  readonly sealedBefore?: number;
}

/** `12`, `12.3` or `12.3@1700000000000000`. */
export function readArrival(text: string): ArrivalCursor | undefined {
  const m = /^(\d{1,15})(?:\.(\d{1,6}))?(?:@(\d{1,16}))?$/.exec(text);
  return m === null
    ? undefined
    : { id: Number(m[1]), skip: Number(m[2] ?? 0), receivedAt: Number(m[3] ?? 0) };
}

export function writeArrival({ id, skip, receivedAt }: ArrivalCursor): string {
  return `${id}.${skip}@${receivedAt}`;
}

/** Matching events of a batch, the oldest first by time, then by number in the batch. */
function eventsOf(batch: JournalBatch, matcher: FilterMatcher, since: number, until: number): PlacedEvent[] {
  const decoded = decodeBatch(batch.data);
  if (!decoded.ok) return [];
  const { hostId, stream, sequence } = batch;
  const found = decoded.value.groups.flatMap(({ offset, events }) =>
    matcher.rows(hostId, events, since, until).map((row) => {
      const event = rowAt(events, row);
      return { time: event.time, position: { hostId, stream, sequence, index: offset + row }, event };
    }),
  );
  return found.sort((a, b) => a.time - b.time || a.position.index - b.position.index);
}

/** Without a cursor it begins now. Rejects with `store.cursor_invalid`. */
export async function searchArrivals(
  reader: JournalReader,
  query: EventQuery,
  letOthersIn = async () => {},
): Promise<ArrivalPage> {
  const cursor = query.cursor === undefined ? undefined : readArrival(query.cursor);
  if (query.cursor !== undefined && cursor === undefined)
    throw new VedetteError('store.cursor_invalid', 'The cursor is not one this list gave.');
  // Looked up before the batches are read: what arrives meanwhile is for the next call.
  const last = await reader.lastId();
  if (cursor === undefined)
    return { items: [], next: writeArrival({ id: last + 1, skip: 0, receivedAt: nowUs() }) };
  const first = await reader.firstId();
  if (first !== undefined && first > cursor.id && cursor.receivedAt > 0)
    return { items: [], next: writeArrival({ ...cursor, id: first, skip: 0 }), sealedBefore: first };
  return walk(reader, query, cursor, last, letOthersIn);
}

async function walk(
  reader: JournalReader,
  query: EventQuery,
  from: ArrivalCursor,
  last: number,
  letOthersIn: () => Promise<void>,
): Promise<ArrivalPage> {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, limit } = query;
  const matcher = new FilterMatcher(query.filter);
  const filter = batchFilterOf({ filter: query.filter, since, until });
  const items: FoundEvent[] = [];
  const deadline = performance.now() + budgetMs;
  let { receivedAt } = from;
  let at = from.id - 1;
  for (;;) {
    const batches = await reader.forward(at, readSize, filter);
    for (const batch of batches) {
      await letOthersIn();
      const skip = batch.id === from.id ? from.skip : 0;
      const found = eventsOf(batch, matcher, since, until);
      const room = limit - items.length;
      items.push(...found.slice(skip, skip + room).map(foundOf));
      if (found.length - skip > room)
        return { items, next: writeArrival({ id: batch.id, skip: skip + room, receivedAt }) };
      at = batch.id;
      receivedAt = Math.max(receivedAt, batch.receivedAt);
      if (items.length === limit || performance.now() > deadline)
        return { items, next: writeArrival({ id: at + 1, skip: 0, receivedAt }) };
    }
    if (batches.length === readSize) continue;
    return { items, next: writeArrival({ id: Math.max(at, last) + 1, skip: 0, receivedAt }) };
  }
}
