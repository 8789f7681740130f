import { hash } from 'node:crypto';
import { join } from 'node:path';
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';
import { type QueryEnd, type QueryPart, queryBounds } from '#shared/query/bounds.ts';
import { decodeSchedule, encodeSchedule, type ScheduledQuery } from '#shared/query/schedule.ts';
import { untilBeat } from '../beat.ts';
import type { QueryRun } from '../query/query-process.ts';
import type { Emit } from '../sensors/sensor.ts';
import { differencesOf } from './differences.ts';
import { LastResults } from './last-results.ts';
import { failureEvent, rowEvent } from './result-event.ts';

/** Bounds of one answer: all of it is remembered, so what is larger fails. */
const maxRows = 5000;
const maxBytes = 1024 * 1024;
/** Looks at what is due are on this beat. */
const lookMs = 5000;
/** Within this time the queries of a host begin one after another, at places that differ from host to host. */
const maxSpreadS = 300;

export interface SchedulerOptions {
  /** Of the agent: the queries are kept in `schedule.json`, the last answers in `schedule/`. */
  readonly folder: string;
  readonly hostId: string;
  readonly ask: (run: Omit<QueryRun, 'host'>) => Promise<QueryEnd>;
  readonly emit: Emit;
  /** Closes the open batches into the outbox: differences are kept there before the answer they lead to. */
  readonly flush: () => void;
  readonly onProblem: (error: VedetteError) => void;
  /** Time between looks, where not the usual one. */
  readonly lookMs?: number;
}

interface Due {
  readonly query: ScheduledQuery;
  /** Microseconds since the epoch. */
  at: number;
  /** It failed with this the last time. */
  failure: string;
}

/**
 * Asks this host the queries its collector has set, each at its interval, and tells as events how the answers differ.
 * The host keeps the schedule itself: it goes on while the collector is away, and costs no command and no entry of the
 * audit log a run.
 */
export class Scheduler {
  readonly #o: SchedulerOptions;
  readonly #results: LastResults;
  readonly #path: string;
  #due: Due[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SchedulerOptions) {
    this.#o = options;
    this.#path = join(options.folder, 'schedule.json');
    this.#results = new LastResults(join(options.folder, 'schedule'));
  }

  /** Goes on with the queries that were set last. */
  start(): void {
    this.#try(() => {
      const text = readText(this.#path);
      const kept = text === undefined ? undefined : decodeSchedule(Buffer.from(text));
      if (kept?.ok === true) this.#set(kept.value);
      else if (kept !== undefined) this.#o.onProblem(kept.error);
    });
  }

  /** The collector says which queries there are from now on. Never throws. */
  accept(data: Uint8Array): void {
    const queries = decodeSchedule(data);
    if (!queries.ok) {
      this.#o.onProblem(queries.error);
      return;
    }
    this.#try(() => {
      const text = encodeSchedule(queries.value).toString();
      if (readText(this.#path) !== text) writeText(this.#path, text);
      this.#results.keepOnly(queries.value);
      this.#set(queries.value);
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #set(queries: readonly ScheduledQuery[]): void {
    const known = this.#due;
    this.#due = queries.map((query) => {
      const same = known.find((due) => due.query.name === query.name && due.query.sql === query.sql);
      const isKept = same !== undefined && same.query.intervalS === query.intervalS;
      return isKept ? same : { query, at: this.#firstAt(query), failure: '' };
    });
    if (this.#timer === undefined && this.#due.length > 0) this.#wait();
  }

  /** An interval after the last run, and never before the place this host has within the spread. */
  #firstAt(query: ScheduledQuery): number {
    const spreadS = Math.min(query.intervalS, maxSpreadS);
    const share =
      Number.parseInt(hash('sha256', `${this.#o.hostId} ${query.name}`).slice(0, 8), 16) / 2 ** 32;
    const last = this.#results.get(query)?.at;
    const soonest = nowUs() + Math.floor(share * spreadS * 1e6);
    // A clock that was set back does not put it off for longer than an interval.
    return last === undefined
      ? soonest
      : Math.min(Math.max(soonest, last + query.intervalS * 1e6), nowUs() + query.intervalS * 1e6);
  }

  #wait(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look(), untilBeat(this.#o.lookMs ?? lookMs));
  }

  async #look(): Promise<void> {
    for (const due of this.#due) {
      if (this.#isClosed) return;
      if (due.at > nowUs() + due.query.intervalS * 1e6) due.at = nowUs();
      if (due.at > nowUs()) continue;
      due.at = nowUs() + due.query.intervalS * 1e6;
      await this.#run(due);
    }
    if (this.#due.length === 0) this.#timer = undefined;
    else this.#wait();
  }

  async #run(due: Due): Promise<void> {
    const { query } = due;
    try {
      const rows = await this.#answerOf(query);
      // Closed or replaced meanwhile: its answer is nobody's.
      if (this.#isClosed || !this.#due.includes(due)) return;
      due.failure = '';
      this.#tell(query, rows);
    } catch (error) {
      if (this.#isClosed) return;
      const problem = asCoded(error as Error);
      if (due.failure !== problem.code) this.#o.emit(failureEvent(query.name, problem, nowUs()));
      due.failure = problem.code;
    }
  }

  async #answerOf({ sql }: ScheduledQuery): Promise<string[]> {
    const rows: string[] = [];
    const end = await this.#o.ask({
      sql,
      timeoutMs: queryBounds.usualTimeoutMs,
      bounds: { rows: maxRows, bytes: maxBytes, partBytes: queryBounds.maxPartBytes },
      async take(data) {
        const part = JSON.parse(Buffer.from(data).toString()) as QueryPart;
        for (const values of part.rows)
          rows.push(JSON.stringify(Object.fromEntries(part.columns.map((name, at) => [name, values[at]]))));
      },
    });
    if (end.cut === 0) return rows;
    throw new VedetteError(
      'query.too_large',
      `A scheduled query may answer ${maxRows} rows and ${maxBytes} bytes.`,
    );
  }

  /** Events are in the outbox before the answer replaces the last one: after a crash they may be told again, never lost. */
  #tell(query: ScheduledQuery, rows: readonly string[]): void {
    const before = this.#results.get(query);
    const time = nowUs();
    const { added, removed } = differencesOf(before?.rows ?? [], rows);
    for (const row of removed) this.#o.emit(rowEvent(query.name, 'removed', row, time, false));
    for (const row of added) this.#o.emit(rowEvent(query.name, 'added', row, time, before === undefined));
    if (added.length + removed.length > 0) this.#o.flush();
    this.#results.set(query, { at: time, rows });
  }

  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#o.onProblem(asCoded(error as Error));
    }
  }
}

function asCoded(error: Error): VedetteError {
  return error instanceof VedetteError
    ? error
    : new VedetteError('query.failed', `${error.message}.`, { cause: error });
}
