/** Events in a real journal, of which the oldest can be sealed, and the search over both. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { everything } from '#shared/filter/filter.ts';
import type { EventQuery } from '../../../collector/store/contract.ts';
import { searchArrivals } from '../../../collector/store/events/arrival-search.ts';
import { DecodedBatches } from '../../../collector/store/events/decoded-batches.ts';
import {
  EventSearch,
  type FoundPage,
  findInJournal,
  type TailSearch,
} from '../../../collector/store/events/search.ts';
import { SegmentSearch } from '../../../collector/store/events/segment-search.ts';
import { searchTail } from '../../../collector/store/events/tail-search.ts';
import { openJournalReader } from '../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { batchOf } from '../../events.ts';
import { tempFolder } from '../../temp.ts';
import { type SealableBatch, SealedEvents } from './sealed.ts';

/** Of each host its own. */
export const streamOf = (hostId: string) => hostId.slice(0, 8) + 'c'.repeat(8);

interface Batch extends SealableBatch {
  readonly id: number;
}

/** An empty store; it ends with the test. */
export async function eventStore(t: Test) {
  const folder = tempFolder(t);
  const path = join(folder, 'journal.db');
  const writer = openJournalWriter(path);
  const reader = openJournalReader(path);
  const db = new Database(path);
  const sealed = await SealedEvents.open(folder);
  const marks = new Map<string, number>();
  const batches: Batch[] = [];
  const add = async (hostId: string, ...events: AnyEvent[]) => {
    const batch = batchOf(...events);
    const sequence = (marks.get(hostId) ?? 0) + 1;
    marks.set(hostId, sequence);
    const { counts, minTime, maxTime, data } = batch;
    const stream = streamOf(hostId);
    const receivedAt = 1_700_000_000_000_000 + batches.length * 1000;
    const record = { hostId, stream, sequence, collected: sequence, stored: batch.count, lost: {}, counts };
    const [outcome] = await writer.append([{ ...record, minTime, maxTime, receivedAt, data }]);
    if (outcome?.status !== 'stored') throw new Error('not stored');
    batches.push({ id: outcome.id, hostId, stream, sequence, receivedAt, data });
  };
  /** Moves the oldest batches from the journal into segments, as the sealer does. */
  const seal = async (count: number) => {
    const moved = batches.splice(0, count);
    await sealed.seal(moved);
    for (const { id } of moved) db.prepare('DELETE FROM batch WHERE id = ?').run(id);
  };
  t.teardown(async () => {
    sealed.close();
    db.close();
    await writer.close();
    await reader.close();
  });
  const decoded = new DecodedBatches();
  const tail: TailSearch = {
    newest: (query) => searchTail(reader, decoded, query),
    arrivals: (query) => searchArrivals(reader, query),
    find: (id) => findInJournal(reader, id),
  };
  const events = new EventSearch(tail, new SegmentSearch(sealed, async () => sealed.span));
  const search = (query: Partial<EventQuery> = {}): Promise<FoundPage> =>
    events.search({ limit: 100, order: 'newest', filter: everything, ...query });
  return { add, seal, sealed, events, search };
}
