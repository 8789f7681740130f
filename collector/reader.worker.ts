/** Entry of the reader thread: answers questions from the journal, so that no search delays anything else. */
import { parentPort, workerData } from 'node:worker_threads';
import { VedetteError } from '#shared/errors.ts';
import type { ReaderAnswer, ReaderRequest } from './store/events/reader-thread.ts';
import { findEvent, searchEvents } from './store/events/search.ts';
import { openJournalReader } from './store/journal/reader.ts';

const port = parentPort;
if (port === null) throw new Error('reader.worker.ts runs as a worker thread only');
const reader = openJournalReader((workerData as { journalPath: string }).journalPath);

async function answer(request: ReaderRequest): Promise<unknown> {
  switch (request.ask) {
    case 'search': {
      const result = await searchEvents(reader, request.query);
      if (!result.ok) throw result.error;
      return result.value;
    }
    case 'find':
      return findEvent(reader, request.id);
    case 'ledger':
      return reader.ledger();
    case 'eventsAfter':
      return reader.eventsAfter(request.after);
    case 'totals':
      return reader.totals();
    case 'storage':
      return reader.storage(request.folder, request.retention);
    case 'lastId':
      return reader.lastId();
    case 'arrivals':
      return reader.arrivals(request.since);
  }
}

port.on('message', async ({ number, request }: { number: number; request: ReaderRequest | 'close' }) => {
  if (request === 'close') {
    await reader.close();
    port.close();
    return;
  }
  const post = (message: ReaderAnswer) => port.postMessage(message);
  try {
    post({ number, value: await answer(request) });
  } catch (error) {
    const known =
      error instanceof VedetteError ? error : new VedetteError('api.internal', (error as Error).message);
    post({ number, error: { code: known.code, detail: known.detail } });
  }
});
