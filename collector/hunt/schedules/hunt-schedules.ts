import { VedetteError } from '#shared/errors.ts';
import type {
  AuditDetail,
  Host,
  HuntResultRows,
  HuntRun,
  HuntSchedule,
  HuntScheduleOrder,
  HuntScheduleStore,
  NewAlert,
  SqlCell,
} from '../../store/contract.ts';
import type { Hunt, Hunting } from '../contract.ts';
import { valuesFor } from '../parameters.ts';
import { nextAfter } from './cadence.ts';
import { huntAlert } from './hunt-alert.ts';
import { byHost, newRowsOf } from './new-rows.ts';

/** Hunts that may be scheduled. */
export const maxSchedules = 100;
/** Rows of a run; beyond it the run says that there were more. */
export const maxRows = 1000;
/** Of the rows of a run as JSON; beyond it the run fails with `hunt.limit`. */
const maxResultBytes = 1024 * 1024;
/** Alerts of a run; new rows of more hosts are in one more. */
const maxAlertsOfRun = 20;
const timeoutMs = 120_000;
const interrupted = 'The collector ended before it was done.';

export interface HuntSchedulesDeps {
  readonly store: HuntScheduleStore;
  readonly hunts: Pick<Hunting, 'get' | 'stream'>;
  readonly hosts: { list(): Promise<readonly Host[]> };
  readonly raise: (alert: NewAlert) => Promise<void>;
  readonly now: () => number;
}

type Outcome = Pick<HuntRun, 'rows' | 'newRows' | 'isCut' | 'error'>;

/**
 * Runs hunts at their times, one after the other. A time is claimed before its run begins, so that no restart repeats
 * it; what a restart breaks off is told as failed. Of times that passed while nothing ran, one is made up for.
 */
export class HuntSchedules {
  readonly #d: HuntSchedulesDeps;
  readonly #closing = new AbortController();

  private constructor(deps: HuntSchedulesDeps) {
    this.#d = deps;
  }

  static async open(deps: HuntSchedulesDeps): Promise<HuntSchedules> {
    await deps.store.endUnfinished(deps.now(), interrupted);
    return new HuntSchedules(deps);
  }

  list(): Promise<readonly HuntSchedule[]> {
    return this.#d.store.list();
  }

  /** Throws `api.not_found`. */
  async get(hunt: string): Promise<HuntSchedule> {
    const schedule = await this.#d.store.get(hunt);
    if (schedule === undefined) throw new VedetteError('api.not_found', `The hunt ${hunt} is not scheduled.`);
    return schedule;
  }

  /** What the last run that did not fail found; undefined before it. Throws `api.not_found`. */
  async result(hunt: string): Promise<HuntResultRows | undefined> {
    await this.get(hunt);
    return await this.#d.store.result(hunt);
  }

  /** Makes or replaces the schedule of a hunt. Throws `api.not_found`, `hunt.parameter`, `api.conflict`. */
  async put(order: HuntScheduleOrder, by: string): Promise<HuntSchedule> {
    const hunt = await this.#hunt(order.hunt);
    valuesFor(hunt.parameters, order.parameters);
    const at = this.#d.now();
    const last = (await this.#d.store.get(order.hunt))?.last ?? null;
    const schedule = { ...order, changedAt: at, changedBy: by, nextAt: nextAfter(order, at), last };
    const entry = { at, actor: by, action: 'hunt-schedule.set', ...told(order) };
    if (!(await this.#d.store.put(schedule, maxSchedules, entry)))
      throw new VedetteError('api.conflict', `There are ${maxSchedules} scheduled hunts; remove some first.`);
    return schedule;
  }

  /** Forgets it with what it found; its alerts stay. Throws `api.not_found`. */
  async remove(hunt: string, by: string): Promise<void> {
    const schedule = await this.get(hunt);
    const entry = { at: this.#d.now(), actor: by, action: 'hunt-schedule.remove', ...told(schedule) };
    await this.#d.store.remove(hunt, entry);
  }

  async #hunt(name: string): Promise<Hunt> {
    const hunt = await this.#d.hunts.get(name);
    if (hunt === undefined) throw new VedetteError('api.not_found', `There is no hunt ${name}.`);
    return hunt;
  }

  /** Runs what is due. */
  async look(): Promise<void> {
    for (const schedule of await this.#d.store.due(this.#d.now())) {
      if (this.#closing.signal.aborted) return;
      await this.#runOne(schedule);
    }
  }

  /** What runs is broken off, and told as failed. */
  close(): void {
    this.#closing.abort();
  }

  async #runOne(schedule: HuntSchedule): Promise<void> {
    const { store, now } = this.#d;
    const { hunt, nextAt: dueAt } = schedule;
    const startedAt = now();
    if (!(await store.begin(hunt, { dueAt, startedAt }, nextAfter(schedule, startedAt)))) return;
    let result: HuntResultRows | undefined;
    let outcome: Outcome;
    try {
      const found = await this.#find(schedule, dueAt);
      result = found.result;
      outcome = {
        rows: result.rows.length,
        newRows: result.fresh.length,
        isCut: found.isCut,
        error: null,
      };
    } catch (error) {
      const detail = error instanceof VedetteError ? `${error.code}: ${error.detail}` : String(error);
      const words = this.#closing.signal.aborted ? interrupted : detail;
      outcome = { rows: 0, newRows: 0, isCut: false, error: words };
    }
    await store.end(hunt, { dueAt, startedAt, endedAt: now(), ...outcome }, result);
  }

  async #find(schedule: HuntSchedule, dueAt: number) {
    const { store, now } = this.#d;
    const hunt = await this.#hunt(schedule.hunt);
    const before = await store.result(schedule.hunt);
    const { columns, rows, isCut } = await this.#rows(schedule);
    const result = { columns, rows, fresh: newRowsOf(rows, before), foundAt: now() };
    if (schedule.level !== null && result.fresh.length > 0)
      await this.#raise(hunt, schedule.level, result, dueAt);
    return { result, isCut };
  }

  async #rows({ hunt, parameters, spanS }: HuntSchedule) {
    const { parts } = await this.#d.hunts.stream(
      {
        ...{ name: hunt, parameters, since: this.#d.now() - spanS * 1e6 },
        ...{ maxRows, timeoutMs, by: 'collector', signal: this.#closing.signal },
      },
      'arrays',
    );
    let columns: HuntResultRows['columns'] = [];
    const rows: (readonly SqlCell[])[] = [];
    let isCut = false;
    let sizeBytes = 0;
    for await (const part of parts) {
      if (part.part === 'columns') columns = part.columns.map(({ name, type }) => ({ name, type }));
      else if (part.part === 'end') ({ isCut } = part);
      else if (part.part === 'text') {
        sizeBytes += Buffer.byteLength(part.text);
        if (sizeBytes > maxResultBytes)
          throw new VedetteError('hunt.limit', `Its rows are more than ${maxResultBytes} bytes.`);
        for (const line of part.text.split('\n')) if (line !== '') rows.push(JSON.parse(line));
      }
    }
    // Broken off, the parts may end without an error.
    this.#closing.signal.throwIfAborted();
    return { columns, rows, isCut };
  }

  /** One alert a host, each with the new rows about it. */
  async #raise(hunt: Hunt, level: NewAlert['level'], result: HuntResultRows, dueAt: number): Promise<void> {
    const hosts = await this.#d.hosts.list();
    const columns = result.columns.map(({ name }) => name);
    for (const { host, rows } of byHost(result, maxAlertsOfRun)) {
      const known = hosts.find(({ id, hostname }) => id === host || hostname === host);
      const where = { hostId: known?.id ?? '', hostName: known?.hostname ?? 'collector' };
      const at = this.#d.now();
      await this.#d.raise(huntAlert({ hunt, level, columns, rows, dueAt, at, ...where }));
    }
  }
}

function told(order: HuntScheduleOrder): { target: string; detail: AuditDetail } {
  const { hunt, everyS, dailyMinute, spanS, level, isEnabled, parameters } = order;
  const detail = {
    ...(everyS !== null && { everyS }),
    ...(dailyMinute !== null && { dailyMinute }),
    ...{ spanS, level: level ?? 'none', enabled: isEnabled ? 1 : 0, parameters: JSON.stringify(parameters) },
  };
  return { target: `scheduled hunt ${hunt}`, detail };
}
