import { fail, ok, type Result } from '#shared/errors.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { eventId, parseEventId } from '#shared/protocol/event-id.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import type { EventQuery } from '../contract.ts';
import type { BatchFilter, JournalBatch, JournalReader } from '../journal/contract.ts';
import { matchingRows } from './match.ts';

/** An event without the name of its host, which the journal does not know. */
export interface FoundEvent {
  readonly id: string;
  readonly hostId: string;
  readonly event: EventRow;
}
export interface FoundPage {
  readonly items: readonly FoundEvent[];
  readonly next: string | null;
}

const readSize = 16;
/** A search that takes longer gives what it has, with a cursor to go on from. */
const budgetMs = 2000;

/** Where a search stands: in batch `id`, `skip` of its matching events were given already. */
interface Cursor {
  readonly id: number;
  readonly skip: number;
}

function parseCursor(text: string): Cursor | undefined {
  const m = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text);
  return m === null ? undefined : { id: Number(m[1]), skip: Number(m[2] ?? 0) };
}

/** Matching events of a batch, newest or oldest first by time, then by number in the batch. */
function eventsOf(batch: JournalBatch, query: EventQuery): FoundEvent[] {
  const decoded = decodeBatch(batch.data);
  if (!decoded.ok) return [];
  const { hostId, stream, sequence } = batch;
  const found: { index: number; event: EventRow }[] = [];
  for (const { offset, events } of decoded.value.groups) {
    for (const row of matchingRows(events, query))
      found.push({ index: offset + row, event: rowAt(events, row) });
  }
  const sign = query.order === 'newest' ? -1 : 1;
  found.sort((a, b) => sign * (a.event.time - b.event.time || a.index - b.index));
  return found.map(({ index, event }) => ({
    id: eventId({ hostId, stream, sequence, index }),
    hostId,
    event,
  }));
}

/** Walks batches from the cursor, backward or forward, until the page is full, the time is up or there are no more. */
async function walk(
  reader: JournalReader,
  query: EventQuery,
  filter: BatchFilter,
  from: Cursor,
): Promise<FoundPage> {
  const step = query.order === 'newest' ? -1 : 1;
  const read = step < 0 ? reader.backward : reader.forward;
  // Looked up before the batches are read: what arrives meanwhile is for the next call.
  const last = await reader.lastId();
  const items: FoundEvent[] = [];
  const deadline = performance.now() + budgetMs;
  let at = from.id - step;
  for (;;) {
    const batches = await read(at, readSize, filter);
    for (const batch of batches) {
      const skip = batch.id === from.id ? from.skip : 0;
      const found = eventsOf(batch, query);
      const room = query.limit - items.length;
      items.push(...found.slice(skip, skip + room));
      if (found.length - skip > room) return { items, next: `${batch.id}.${skip + room}` };
      at = batch.id;
      if (items.length === query.limit || performance.now() > deadline)
        return { items, next: `${at + step}` };
    }
    if (batches.length === readSize) continue;
    return { items, next: step < 0 ? null : `${Math.max(at, last) + 1}` };
  }
}

/**
 * Searches the journal. Newest first from the end; or in order of arrival from the cursor, and without one from
 * now. `store.cursor_invalid` for a cursor that is none.
 */
export async function searchEvents(reader: JournalReader, query: EventQuery): Promise<Result<FoundPage>> {
  const filter: BatchFilter = {
    hostId: query.hostId,
    types: query.types,
    since: query.since,
    until: query.until,
  };
  const cursor = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  if (query.cursor !== undefined && cursor === undefined)
    return fail('store.cursor_invalid', 'The cursor is not one this list gave.');
  const start = query.order === 'newest' ? Number.MAX_SAFE_INTEGER - 1 : (await reader.lastId()) + 1;
  return ok(await walk(reader, query, filter, cursor ?? { id: start, skip: 0 }));
}

export async function findEvent(reader: JournalReader, id: string): Promise<FoundEvent | undefined> {
  const position = parseEventId(id);
  if (position === undefined) return undefined;
  const batch = await reader.find(position.hostId, position.stream, position.sequence);
  if (batch === undefined) return undefined;
  const decoded = decodeBatch(batch.data);
  if (!decoded.ok) return undefined;
  for (const { offset, events } of decoded.value.groups) {
    const row = position.index - offset;
    if (row >= 0 && row < events.count) return { id, hostId: batch.hostId, event: rowAt(events, row) };
  }
  return undefined;
}
