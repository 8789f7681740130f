/** Entry of the reader thread: answers questions from the journal, so that no search delays anything else. */
import { parentPort, workerData } from 'node:worker_threads';
import { VedetteError } from '#shared/errors.ts';
import { KeyRing } from './encryption/key-ring.ts';
import { searchArrivals } from './store/events/arrival-search.ts';
import { DecodedBatches } from './store/events/decoded-batches.ts';
import type { ReaderAnswer, ReaderRequest } from './store/events/reader-thread.ts';
import { type Asked, ReaderTurns } from './store/events/reader-turns.ts';
import { findInJournal } from './store/events/search.ts';
import { searchTail } from './store/events/tail-search.ts';
import { openJournalReader } from './store/journal/reader.ts';

const port = parentPort;
if (port === null) throw new Error('reader.worker.ts runs as a worker thread only');
const { journalPath, keyFile } = workerData as { journalPath: string; keyFile: string };
const reader = openJournalReader(journalPath, new KeyRing(keyFile));
const batches = new DecodedBatches();

const letOthersIn = () => turns.letOthersIn();

async function answer(request: ReaderRequest): Promise<unknown> {
  switch (request.ask) {
    case 'newest':
      return searchTail(reader, batches, request.query, letOthersIn);
    case 'arrivals':
      return searchArrivals(reader, request.query, letOthersIn);
    case 'find':
      return findInJournal(reader, request.id);
    case 'ledger':
      return reader.ledger();
    case 'eventsAfter':
      return reader.eventsAfter(request.after);
    case 'totals':
      return reader.totals();
    case 'storage':
      return reader.storage(request.folder, request.retention);
    case 'outdated':
      return reader.outdated(request.retention);
    case 'sealedSpan':
      return reader.sealedSpan();
    case 'lastId':
      return reader.lastId();
    case 'ratesSince':
      return reader.arrivals(request.since);
  }
}

async function reply({ number, request }: Asked): Promise<void> {
  if (request === 'close') {
    await reader.close();
    port?.close();
    return;
  }
  const post = (message: ReaderAnswer) => port?.postMessage(message);
  try {
    post({ number, value: await answer(request) });
  } catch (error) {
    const known =
      error instanceof VedetteError ? error : new VedetteError('api.internal', (error as Error).message);
    post({ number, error: { code: known.code, detail: known.detail } });
  }
}

const turns = new ReaderTurns(port, reply);
