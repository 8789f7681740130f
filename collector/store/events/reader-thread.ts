import { Worker } from 'node:worker_threads';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { EventQuery, Outdated, StorageStatus } from '../contract.ts';
import type { JournalTotals, Span, StreamLedger } from '../journal/contract.ts';
import type { Retention } from '../segments/retention.ts';
import type { ArrivalPage } from './arrival-search.ts';
import type { FoundEvent, NewestPage, NewestQuery } from './event-order.ts';
import type { TailSearch } from './search.ts';

export type ReaderRequest =
  | { readonly ask: 'newest'; readonly query: NewestQuery }
  | { readonly ask: 'arrivals'; readonly query: EventQuery }
  | { readonly ask: 'find'; readonly id: string }
  | { readonly ask: 'ledger' }
  | { readonly ask: 'eventsAfter'; readonly after: number }
  | { readonly ask: 'totals' }
  | { readonly ask: 'storage'; readonly folder: string; readonly retention: Retention }
  | { readonly ask: 'outdated'; readonly retention: Retention }
  | { readonly ask: 'lastId' }
  | { readonly ask: 'sealedSpan' }
  | { readonly ask: 'ratesSince'; readonly since: number };

export type ReaderAnswer =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: { readonly code: ErrorCode; readonly detail: string } };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Most questions waiting at once. */
const maxWaiting = 256;

/** The thread that reads the journal for queries. Rejects with the coded error of the question, or `wire.busy`. */
export class ReaderThread implements TailSearch {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;

  constructor(entry: URL, journalPath: string, keyFile = '') {
    this.#worker = new Worker(entry, { workerData: { journalPath, keyFile } });
    this.#worker.on('message', (answer: ReaderAnswer) => this.#receive(answer));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new VedetteError('api.internal', 'The reader has ended.')));
  }

  #receive(answer: ReaderAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ('error' in answer) waiting?.reject(new VedetteError(answer.error.code, answer.error.detail));
    else waiting?.resolve(answer.value as never);
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #ask<T>(request: ReaderRequest): Promise<T> {
    if (this.#waiting.size >= maxWaiting)
      return Promise.reject(new VedetteError('wire.busy', 'Too many searches wait.'));
    const number = ++this.#number;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve as (value: never) => void, reject });
      this.#worker.postMessage({ number, request });
    });
  }

  newest(query: NewestQuery): Promise<NewestPage> {
    return this.#ask({ ask: 'newest', query });
  }

  arrivals(query: EventQuery): Promise<ArrivalPage> {
    return this.#ask({ ask: 'arrivals', query });
  }

  find(id: string): Promise<FoundEvent | undefined> {
    return this.#ask({ ask: 'find', id });
  }

  ledger(): Promise<readonly StreamLedger[]> {
    return this.#ask({ ask: 'ledger' });
  }

  eventsAfter(after: number): Promise<Readonly<Record<string, number>>> {
    return this.#ask({ ask: 'eventsAfter', after });
  }

  totals(): Promise<JournalTotals> {
    return this.#ask({ ask: 'totals' });
  }

  storage(folder: string, retention: Retention): Promise<StorageStatus> {
    return this.#ask({ ask: 'storage', folder, retention });
  }

  outdated(retention: Retention): Promise<Outdated> {
    return this.#ask({ ask: 'outdated', retention });
  }

  sealedSpan(): Promise<Span | undefined> {
    return this.#ask({ ask: 'sealedSpan' });
  }

  lastId(): Promise<number> {
    return this.#ask({ ask: 'lastId' });
  }

  ratesSince(since: number): Promise<readonly { second: number; counts: Record<string, number> }[]> {
    return this.#ask({ ask: 'ratesSince', since });
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ number: 0, request: 'close' });
    await ended;
  }
}
