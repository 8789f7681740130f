/** The collector's side of hunting: starts the process that runs statements, and ends it when it must. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VedetteError } from '#shared/errors.ts';
import { keyVariable } from '../../../encryption/key-ring.ts';
import type {
  EventSql,
  SqlBounds,
  SqlEnd,
  SqlPart,
  SqlRequest,
  SqlRows,
  SqlScope,
  SqlStreams,
  SqlTextForm,
  SqlValue,
} from '../../contract.ts';
import type { FromProcess, ProcessSettings, RunPart, RunRequest, ToProcess } from './contract.ts';
import { maxSqlLength } from './sql-length.ts';
import type { HostName } from './views.ts';

export interface EngineOptions {
  readonly entry: URL;
  /** Data folder of the collector. */
  readonly folder: string;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly spillBytes: number;
  /** Of the keys of what is stored; empty where there is none. */
  readonly keyFile?: string;
  readonly hostNames: () => Promise<readonly HostName[]>;
  readonly log: (what: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** Of statements that are made here: flat, but with many values and types. */
const maxOwnSqlLength = 1024 ** 2;

/** Statements that run at once, and that wait for their turn. */
const maxRunning = 4;
const maxWaiting = 64;
/** Bounds of statements of ours that give none. */
const usualBounds: SqlBounds = { maxRows: 10_000, timeoutMs: 30_000 };
const maxValuesBytes = 64 * 1024 ** 2;
const maxTextBytes = 1024 ** 3;
/** How long beyond its time a statement may take to end before the process is ended. */
const graceMs = 5_000;
/** Lines of what the process writes to stderr that are kept for the log. */
const maxSaidBytes = 4096;

/** One statement, as far as the process has told of it. */
class Pending {
  readonly number: number;
  readonly #parts: RunPart[] = [];
  #percent: number | undefined;
  #hasEnd = false;
  #failure: VedetteError | undefined;
  #wake: () => void = () => undefined;

  constructor(number: number) {
    this.number = number;
  }

  /** Nothing more is to come of it. */
  get isOver(): boolean {
    return this.#failure !== undefined || this.#hasEnd;
  }

  take(message: FromProcess): void {
    if ('part' in message) {
      this.#hasEnd = message.part.part === 'end';
      this.#parts.push(message.part);
    } else if ('percent' in message) this.#percent = message.percent;
    else this.#failure = new VedetteError(message.failure.code, message.failure.detail);
    this.#wake();
  }

  fail(error: VedetteError): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** The next part, or how far it is. */
  async next(): Promise<RunPart | { readonly part: 'progress'; readonly percent: number }> {
    for (;;) {
      const part = this.#parts.shift();
      if (part !== undefined) return part;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#percent !== undefined) {
        const percent = this.#percent;
        this.#percent = undefined;
        return { part: 'progress', percent };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

export class SqlEngine implements EventSql, SqlStreams {
  readonly #o: EngineOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: (() => void)[] = [];
  #child: ChildProcess | undefined;
  #hosts = '';
  #running = 0;
  #number = 0;
  #isClosed = false;

  constructor(options: EngineOptions) {
    this.#o = options;
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async query(
    sql: string,
    values: readonly SqlValue[] = [],
    bounds: Partial<SqlBounds> = {},
    { needed = [], ...range }: SqlScope = {},
  ): Promise<SqlRows> {
    const all = { ...usualBounds, ...bounds, maxBytes: maxValuesBytes };
    const request: RunRequest = {
      sql,
      values,
      needed,
      range,
      maxSqlLength: maxOwnSqlLength,
      bounds: all,
      form: 'values',
    };
    let columns: SqlRows['columns'] = [];
    const rows: (readonly SqlValue[])[] = [];
    for await (const part of this.#run(request, undefined)) {
      if (part.part === 'columns') columns = part.columns;
      else if (part.part === 'values') rows.push(...part.rows);
      else if (part.part === 'end') return { columns, rows, isCut: part.isCut };
    }
    throw new VedetteError('hunt.failed', 'The result has no end.');
  }

  async *stream(request: SqlRequest, form: SqlTextForm, signal: AbortSignal): AsyncGenerator<SqlPart> {
    for await (const part of this.#run(runRequest(request, form), signal)) {
      if (part.part !== 'values') yield part;
    }
  }

  async parquet(
    request: SqlRequest,
    signal: AbortSignal,
    onProgress: (percent: number) => void,
  ): Promise<SqlEnd & { readonly path: string }> {
    const name = `${randomBytes(8).toString('hex')}.parquet`;
    const path = join(this.#workFolder, 'results', name);
    try {
      for await (const part of this.#run(runRequest(request, { parquet: path }), signal)) {
        if (part.part === 'progress') onProgress(part.percent);
        if (part.part === 'end') return { ...part, path };
      }
      throw new VedetteError('hunt.failed', 'The result has no end.');
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async *#run(request: RunRequest, signal: AbortSignal | undefined) {
    await this.#turn(signal);
    const number = ++this.#number;
    const pending = new Pending(number);
    const cancel = () => this.#send({ say: 'cancel', number });
    let hasEnded = false;
    let overdue: NodeJS.Timeout | undefined;
    try {
      signal?.throwIfAborted();
      await this.#start();
      this.#pending.set(number, pending);
      signal?.addEventListener('abort', cancel, { once: true });
      overdue = setTimeout(() => this.#kill(pending, request), request.bounds.timeoutMs + graceMs);
      overdue.unref();
      this.#send({ say: 'run', number, request });
      for (;;) {
        const part = await pending.next();
        hasEnded = part.part === 'end';
        yield part;
        if (hasEnded) return;
        if (part.part !== 'progress') this.#send({ say: 'next', number });
      }
    } catch (error) {
      hasEnded = true;
      if (signal?.aborted)
        throw new VedetteError('hunt.cancelled', 'Somebody cancelled it.', { cause: error });
      throw error;
    } finally {
      clearTimeout(overdue);
      signal?.removeEventListener('abort', cancel);
      if (!hasEnded) await this.#cancelled(pending, cancel);
      this.#pending.delete(number);
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  /** Whoever read the parts has had enough: waits until the process has ended it too, and its connection is free. */
  async #cancelled(pending: Pending, cancel: () => void): Promise<void> {
    cancel();
    this.#send({ say: 'next', number: pending.number });
    const overdue = setTimeout(() => this.#child?.kill('SIGKILL'), graceMs);
    try {
      while ((await pending.next()).part !== 'end') this.#send({ say: 'next', number: pending.number });
    } catch {
      // Ended, by being cancelled or with the process.
    } finally {
      clearTimeout(overdue);
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isClosed) throw new VedetteError('hunt.failed', 'The collector is ending.');
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting)
        throw new VedetteError('hunt.busy', `${maxRunning} statements run and ${maxWaiting} wait.`);
      await new Promise<void>((resolve, reject) => {
        const go = () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          this.#waiting.splice(this.#waiting.indexOf(go), 1);
          reject(new VedetteError('hunt.cancelled', 'It had not begun.'));
        };
        this.#waiting.push(go);
        signal?.addEventListener('abort', leave, { once: true });
      });
    }
    this.#running++;
  }

  get #workFolder(): string {
    return join(this.#o.folder, 'hunt');
  }

  async #start(): Promise<void> {
    const hosts = await this.#o.hostNames();
    if (this.#isClosed) throw new VedetteError('hunt.failed', 'The collector is ending.');
    this.#child ??= this.#fork();
    const known = JSON.stringify(hosts);
    if (known === this.#hosts) return;
    this.#hosts = known;
    this.#send({ say: 'hosts', hosts });
  }

  #fork(): ChildProcess {
    const { folder, threads, memoryBytes, spillBytes, keyFile = '' } = this.#o;
    const settings: ProcessSettings = {
      journalPath: join(folder, 'journal.db'),
      segmentFolder: join(folder, 'segments'),
      workFolder: this.#workFolder,
      ...{
        keyFile,
        keys: process.env[keyVariable] ?? '',
        threads,
        memoryBytes,
        spillBytes,
        connections: maxRunning,
      },
    };
    // Nothing of our environment: what statements could ever read of it must hold no secret.
    const env = { UV_THREADPOOL_SIZE: String(maxRunning + 4), TZ: 'UTC' };
    const child = fork(this.#o.entry, {
      env,
      execArgv: ['--max-old-space-size=512'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    child.stderr?.on('data', (part: Buffer) => {
      said = (said + part.toString()).slice(-maxSaidBytes);
    });
    child.on('message', (message: FromProcess) => this.#pending.get(message.number)?.take(message));
    child.on('error', (error) => this.#ended(child, error.message));
    child.on('exit', (code, signal) => this.#ended(child, `exit ${code ?? signal}: ${said}`));
    child.send({ say: 'open', settings } satisfies ToProcess);
    return child;
  }

  #ended(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#hosts = '';
    if (!this.#isClosed) this.#o.log('the hunting process has ended', { why });
    const error = new VedetteError('hunt.failed', 'The hunting process has ended.');
    for (const pending of this.#pending.values()) pending.fail(error);
  }

  #send(message: ToProcess): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  #kill(pending: Pending, { bounds }: RunRequest): void {
    if (pending.isOver) return;
    const detail = `It ran longer than ${bounds.timeoutMs / 1000} s and could not be interrupted.`;
    pending.fail(new VedetteError('hunt.limit', detail));
    this.#child?.kill('SIGKILL');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

function runRequest(request: SqlRequest, form: RunRequest['form']): RunRequest {
  const { sql, parameters: values, since, until, bounds } = request;
  const range = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  return {
    sql,
    values,
    range,
    needed: [],
    maxSqlLength,
    bounds: { ...bounds, maxBytes: maxTextBytes },
    form,
  };
}
