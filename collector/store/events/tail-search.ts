/** Search in the journal: newest first by event time. */
import { VedetteError } from '#shared/errors.ts';
import type { DecodedBatch } from '#shared/protocol/codec/decode.ts';
import { type ColumnarEvents, rowAt } from '#shared/schema/columns.ts';
import type { BatchFilter, BatchPlace, JournalReader, PlacedBatch } from '../journal/contract.ts';
import type { DecodedBatches } from './decoded-batches.ts';
import {
  compareNewest,
  type NewestPage,
  type NewestQuery,
  type Place,
  type PlacedEvent,
  placeOf,
} from './event-order.ts';
import { hostOf, typesOf } from './filter-scope.ts';
import { FilterMatcher } from './match.ts';

/** Batches listed at once: few at first, since most searches need no more. */
const listSizes = { first: 16, most: 128 } as const;
/** A search that takes longer gives what it has, with a place to go on from. */
const budgetMs = 2000;
/** Longest time spent on batches that all end with the very same instant, where there is no place to go on from. */
const longestMs = 20_000;

/** A matching row, not yet made an object. */
interface Candidate extends Place {
  readonly position: PlacedEvent['position'];
  readonly events: ColumnarEvents;
  readonly row: number;
}

/** What batches an event that a query asks for can be in. */
export function batchFilterOf({ filter, since, until }: Pick<NewestQuery, 'filter' | 'since' | 'until'>) {
  const hostId = hostOf(filter);
  const types = typesOf(filter);
  return {
    ...(hostId !== undefined && { hostId }),
    ...(types !== undefined && { types }),
    ...(Number.isFinite(since) && { since }),
    ...(Number.isFinite(until) && { until }),
  } satisfies BatchFilter;
}

/** The newest candidates of a bounded number. */
class NewestCandidates {
  readonly #limit: number;
  #kept: Candidate[] = [];
  #isSorted = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(candidate: Candidate): void {
    this.#kept.push(candidate);
    this.#isSorted = false;
    if (this.#kept.length >= this.#limit * 4) this.sorted();
  }

  sorted(): readonly Candidate[] {
    if (!this.#isSorted) {
      this.#kept.sort(compareNewest);
      this.#kept = this.#kept.slice(0, this.#limit);
      this.#isSorted = true;
    }
    return this.#kept;
  }

  /** What is older than this can be among them no more. */
  get leastTime(): number {
    return this.sorted()[this.#limit - 1]?.time ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether nothing of this instant or before it can be among them any more. */
  isFullBefore(time: number): boolean {
    return this.leastTime > time;
  }
}

function addMatches(
  { hostId, stream, sequence }: PlacedBatch,
  decoded: DecodedBatch,
  matcher: FilterMatcher,
  query: NewestQuery,
  to: NewestCandidates,
) {
  const until = Math.min(query.until, query.after?.time ?? Number.POSITIVE_INFINITY);
  for (const { offset, events } of decoded.groups) {
    for (const row of matcher.rows(hostId, events, query.since, until)) {
      const position = { hostId, stream, sequence, index: offset + row };
      const candidate = { time: events.times[row] as number, position, events, row };
      if (query.after === null || compareNewest(query.after, candidate) < 0) to.add(candidate);
    }
  }
}

/**
 * Goes through batches in the order of their newest events, until no other batch can hold anything for the page.
 * Rejects with `api.timeout` where it can neither end nor stop anywhere in time.
 */
export async function searchTail(
  reader: JournalReader,
  batches: DecodedBatches,
  query: NewestQuery,
  letOthersIn = async () => {},
): Promise<NewestPage> {
  const matcher = new FilterMatcher(query.filter);
  const until = Math.min(query.until, query.after?.time ?? Number.POSITIVE_INFINITY);
  const filter = batchFilterOf({ ...query, until });
  const found = new NewestCandidates(query.limit);
  const startMs = performance.now();
  let at: BatchPlace | undefined;
  let size: number = Math.min(listSizes.first, query.limit);
  const page = (searchedTo: Place | null): NewestPage => {
    const items = found
      .sorted()
      .filter((item) => searchedTo === null || compareNewest(item, searchedTo) <= 0)
      .map(({ time, position, events, row }) => ({ time, position, event: rowAt(events, row) }));
    if (items.length < query.limit) return { items, searchedTo };
    return { items, searchedTo: placeOf(items.at(-1) as PlacedEvent) };
  };
  for (;;) {
    const held = new Map<number, DecodedBatch>();
    const since = Math.max(query.since, found.leastTime);
    const placed = await reader.newestFirst(at, size, { ...filter, since }, (batch) => {
      const decoded = batches.get(batch);
      if (decoded !== undefined) held.set(batch.id, decoded);
      return decoded !== undefined;
    });
    for (const batch of placed) {
      await letOthersIn();
      if (found.isFullBefore(batch.maxTime)) return page({ time: batch.maxTime, position: null });
      const spentMs = performance.now() - startMs;
      // Stopping here looked at what is newer than this batch; from a place no later than the start none would get on.
      if (spentMs > budgetMs && batch.maxTime < until) return page({ time: batch.maxTime, position: null });
      if (spentMs > longestMs)
        throw new VedetteError('api.timeout', 'Too many events have the very same time.');
      const { id, data } = batch;
      const decoded = data === undefined ? held.get(id) : batches.decode(batch, data);
      if (decoded !== undefined) addMatches(batch, decoded, matcher, query, found);
      at = batch;
    }
    if (placed.length < size) return page(null);
    size = Math.min(size * 2, listSizes.most);
  }
}
