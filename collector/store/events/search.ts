/** Search over everything stored: the journal's tail and what is sealed, as one list. */
import { VedetteError } from '#shared/errors.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { parseEventId } from '#shared/protocol/event-id.ts';
import { rowAt } from '#shared/schema/columns.ts';
import type { EventQuery } from '../contract.ts';
import type { JournalReader } from '../journal/contract.ts';
import { type ArrivalPage, readArrival, writeArrival } from './arrival-search.ts';
import {
  type FoundEvent,
  foundOf,
  mergePages,
  type NewestPage,
  type NewestQuery,
  readPlace,
  writePlace,
} from './event-order.ts';
import { typesOf } from './filter-scope.ts';
import type { ArrivalPlace, SegmentSearch } from './segment-search.ts';

export interface FoundPage {
  readonly items: readonly FoundEvent[];
  readonly next: string | null;
}

/** The journal, asked in whatever thread it is read. */
export interface TailSearch {
  newest(query: NewestQuery): Promise<NewestPage>;
  arrivals(query: EventQuery): Promise<ArrivalPage>;
  find(id: string): Promise<FoundEvent | undefined>;
}

/** Batches may be stored this much later than they were received, in another order. */
const reorderingUs = 10_000_000;

const refusal = () => new VedetteError('store.cursor_invalid', 'The cursor is not one this list gave.');

export class EventSearch {
  readonly #tail: TailSearch;
  readonly #segments: SegmentSearch | undefined;

  constructor(tail: TailSearch, segments?: SegmentSearch) {
    this.#tail = tail;
    this.#segments = segments;
  }

  search(query: EventQuery): Promise<FoundPage> {
    return query.order === 'newest' ? this.#newest(query) : this.#arrivals(query);
  }

  async find(id: string): Promise<FoundEvent | undefined> {
    const found = await this.#tail.find(id);
    if (found !== undefined || this.#segments === undefined) return found;
    const position = parseEventId(id);
    const sealed = position === undefined ? undefined : await this.#segments.at(position);
    return sealed === undefined ? undefined : foundOf(sealed);
  }

  async #newest({ filter, limit, since, until, cursor }: EventQuery): Promise<FoundPage> {
    const after = cursor === undefined ? null : readPlace(cursor);
    if (after === undefined) throw refusal();
    if (typesOf(filter)?.length === 0) return { items: [], next: null };
    const query: NewestQuery = {
      filter,
      limit,
      after,
      since: since ?? Number.NEGATIVE_INFINITY,
      until: until ?? Number.POSITIVE_INFINITY,
    };
    // The journal first: what is sealed between the two is then found twice and never not at all.
    const tail = await this.#tail.newest(query);
    const sealed = await this.#sealed(query, tail);
    const { items, searchedTo } = mergePages(tail, sealed, limit);
    return { items: items.map(foundOf), next: searchedTo === null ? null : writePlace(searchedTo) };
  }

  async #sealed(query: NewestQuery, tail: NewestPage): Promise<NewestPage> {
    const nothing: NewestPage = { items: [], searchedTo: null };
    if (this.#segments === undefined) return nothing;
    // What is older than the tail's page is for the next one.
    const since = Math.max(query.since, tail.searchedTo?.time ?? query.since);
    return this.#segments.newest({ ...query, since });
  }

  async #arrivals(query: EventQuery): Promise<FoundPage> {
    const sealedFrom = query.cursor === undefined ? undefined : readSealed(query.cursor);
    if (sealedFrom !== undefined) return this.#sealedArrivals(query, sealedFrom);
    const page = await this.#tail.arrivals(query);
    const from = query.cursor === undefined ? undefined : readArrival(query.cursor);
    if (page.sealedBefore === undefined || this.#segments === undefined || from === undefined) return page;
    const place = { receivedAt: Math.max(0, from.receivedAt - reorderingUs), position: null };
    return this.#sealedArrivals(query, { place, resume: page.next });
  }

  async #sealedArrivals(query: EventQuery, { place, resume }: SealedCursor): Promise<FoundPage> {
    if (this.#segments === undefined) throw refusal();
    const { filter, limit, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = query;
    const { items, last } = await this.#segments.arrivals({ filter, limit, since, until }, place);
    return { items: items.map(foundOf), next: last === null ? resume : writeSealed({ place: last, resume }) };
  }
}

/** Where a follower stands that goes through what was sealed, and its cursor in the journal for when it is through. */
interface SealedCursor {
  readonly place: ArrivalPlace;
  readonly resume: string;
}

function writeSealed({ place: { receivedAt, position }, resume }: SealedCursor): string {
  return `${writePlace({ time: receivedAt, position })} ${resume}`;
}

function readSealed(text: string): SealedCursor | undefined {
  const [first = '', resume] = text.split(' ');
  if (resume === undefined) return undefined;
  const [place, then] = [readPlace(first), readArrival(resume)];
  if (place === undefined || then === undefined) throw refusal();
  return { place: { receivedAt: place.time, position: place.position }, resume: writeArrival(then) };
}

/** The event of that id, where the journal has it. */
export async function findInJournal(reader: JournalReader, id: string): Promise<FoundEvent | undefined> {
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
