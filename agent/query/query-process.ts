import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { catalogue, type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { QueryEnd } from '#shared/query/bounds.ts';
import { memoryOf } from './child-memory.ts';
import type { QueryBounds } from './engine.ts';
import type { FromQueryProcess, ToQueryProcess } from './messages.ts';
import type { QueryHost } from './reader.ts';

/** How long the process is kept for the next query. */
const keptMs = 10_000;
/** Memory of the process beyond which its query is given up. */
export const maxMemoryBytes = 384 * 1024 * 1024;
/** Queries that wait for the one that runs; more are refused. */
export const maxWaiting = 32;
/** For what V8 holds; SQLite's own memory comes besides. */
const maxHeapMib = 192;
/** Time between looks at its memory, while a query runs. */
const memoryLookMs = 100;

export interface QueryRun {
  readonly sql: string;
  readonly timeoutMs: number;
  readonly bounds: QueryBounds;
  readonly host: QueryHost;
  /** Takes each part, `QueryPart` as JSON; rejects to end the query. */
  readonly take: (part: Uint8Array) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** In the bundle beside this file under a name of its own. */
const entry = [new URL('./child.ts', import.meta.url), new URL('./query-child.mjs', import.meta.url)]
  .map((url) => fileURLToPath(url))
  .find((path) => existsSync(path));

/**
 * Runs queries in a process of their own, one after another, so that the agent stays small and whatever a query does
 * ends with that process: it is killed at the time limit, at the memory limit, and when nobody wants the answer. It is
 * started with the first query and kept a little for the next.
 */
export class QueryProcess {
  #child: ChildProcess | undefined;
  #keeping: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #waiting = 0;

  /** Rejects with `query.*`, or what `take` rejected with. */
  run(query: QueryRun): Promise<QueryEnd> {
    if (this.#waiting >= maxWaiting)
      return Promise.reject(new VedetteError('query.busy', `${maxWaiting} queries wait here.`));
    this.#waiting++;
    const running = this.#last
      .finally(() => {
        this.#waiting--;
      })
      .then(() => this.#run(query));
    this.#last = running.catch(() => undefined);
    return running;
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  async #run(query: QueryRun): Promise<QueryEnd> {
    query.signal?.throwIfAborted();
    if (this.#isClosed) throw new VedetteError('query.failed', 'The agent is stopping.');
    clearTimeout(this.#keeping);
    const child = this.#start();
    try {
      const end = await answerOf(child, query);
      this.#keeping = setTimeout(() => this.#end(), keptMs).unref();
      return end;
    } catch (error) {
      // What failed by itself is over; anything else may still be running.
      if (!(error instanceof QueryFailure)) this.#end();
      else this.#keeping = setTimeout(() => this.#end(), keptMs).unref();
      throw error instanceof QueryFailure ? error.reason : error;
    }
  }

  #start(): ChildProcess {
    if (this.#child?.connected === true) return this.#child;
    if (entry === undefined) throw new VedetteError('query.failed', 'The program of queries is missing.');
    const cache = module.getCompileCacheDir?.();
    const child = fork(entry, [], {
      serialization: 'advanced',
      // Nothing of the agent's environment but what finding tools of the system takes.
      env: {
        PATH: process.env['PATH'],
        SystemRoot: process.env['SystemRoot'],
        ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }),
      },
      execArgv: [`--max-old-space-size=${maxHeapMib}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.unref();
    child.channel?.unref();
    child.on('error', () => undefined);
    this.#child = child;
    return child;
  }

  #end(): void {
    clearTimeout(this.#keeping);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/** The query process is well and says why there is no answer. */
class QueryFailure extends Error {
  readonly reason: VedetteError;

  constructor(reason: VedetteError) {
    super(reason.message);
    this.reason = reason;
  }
}

async function answerOf(child: ChildProcess, query: QueryRun): Promise<QueryEnd> {
  const { sql, timeoutMs, bounds, host, take, signal } = query;
  const { promise, resolve, reject } = Promise.withResolvers<QueryEnd>();
  const timeout = setTimeout(
    () => reject(new VedetteError('query.timed_out', `It took longer than ${timeoutMs / 1000} s.`)),
    timeoutMs,
  );
  const watch = setInterval(() => {
    const bytes = memoryOf(child.pid);
    if (bytes !== undefined && bytes > maxMemoryBytes)
      reject(new VedetteError('query.too_large', `It took more than ${maxMemoryBytes} bytes of memory.`));
  }, memoryLookMs);
  const onMessage = (message: FromQueryProcess) => {
    if (message.kind === 'end') resolve(message.end);
    else if (message.kind === 'failed') reject(new QueryFailure(failureOf(message)));
    else take(message.data).then(() => tell(child, { kind: 'taken' }), reject);
  };
  const onExit = (_: number | null, signalName: NodeJS.Signals | null) =>
    reject(new VedetteError('query.failed', `Its process ended (${signalName ?? 'by itself'}).`));
  const onError = (error: Error) =>
    reject(new VedetteError('query.failed', `Its process could not be started: ${error.message}.`));
  const onAbort = () => reject(new VedetteError('query.canceled', 'It is not wanted any more.'));
  child.on('message', onMessage);
  child.on('exit', onExit);
  child.on('error', onError);
  signal?.addEventListener('abort', onAbort);
  try {
    tell(child, { kind: 'ask', sql, bounds, host });
    return await promise;
  } finally {
    clearTimeout(timeout);
    clearInterval(watch);
    child.off('message', onMessage);
    child.off('exit', onExit);
    child.off('error', onError);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What cannot be sent any more shows as the end of the process. */
function tell(child: ChildProcess, message: ToQueryProcess): void {
  child.send(message, () => undefined);
}

function failureOf({ code, detail }: { readonly code: string; readonly detail: string }): VedetteError {
  return new VedetteError(Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'query.failed', detail);
}
