import { nowUs } from '#shared/clock.ts';
import { fail, ok, type Result, VedetteError } from '#shared/errors.ts';
import { encodeSchedule, scheduleBounds } from '#shared/query/schedule.ts';
import type { CommandLink } from '../../ingest/command-channel.ts';
import type {
  Host,
  HostStore,
  NewAuditEntry,
  QuerySchedule,
  QueryScheduleOrder,
  QueryScheduleStore,
} from '../../store/contract.ts';
import { checkSql } from './check-sql.ts';
import { isMeant } from './live-queries.ts';

export interface SchedulesOptions {
  readonly store: QueryScheduleStore;
  readonly hosts: HostStore;
}

/**
 * Queries that hosts ask themselves. Every host has those that mean it, all at once, when it connects and whenever they
 * change; a host that is away goes on with those it has.
 */
export class Schedules {
  readonly #o: SchedulesOptions;
  readonly #links = new Map<string, CommandLink>();
  /** Changes reach hosts in the order in which they were made. */
  #telling: Promise<unknown> = Promise.resolve();

  constructor(options: SchedulesOptions) {
    this.#o = options;
  }

  list(): Promise<readonly QuerySchedule[]> {
    return this.#o.store.list();
  }

  /** Throws `api.not_found`. */
  async get(name: string): Promise<QuerySchedule> {
    const schedule = await this.#o.store.get(name);
    if (schedule === undefined)
      throw new VedetteError('api.not_found', `There is no scheduled query ${name}.`);
    return schedule;
  }

  /** Makes one; `query.*` when it is refused. */
  async add(order: QueryScheduleOrder, by: string): Promise<Result<QuerySchedule>> {
    const checked = checkSql(order.sql);
    if (!checked.ok) return checked;
    const all = await this.#o.store.list();
    if (all.some((one) => one.name === order.name))
      return fail('query.name_taken', `There is a scheduled query ${order.name}.`);
    if (all.length >= scheduleBounds.maxQueries)
      return fail('query.too_many', `There are ${scheduleBounds.maxQueries} scheduled queries.`);
    const at = nowUs();
    const schedule = { ...order, isEnabled: true, madeAt: at, madeBy: by, changedAt: at, changedBy: by };
    await this.#o.store.put(schedule, entryOf(schedule, 'query-schedule.make'));
    await this.#tellAll();
    return ok(schedule);
  }

  /** Throws `api.not_found`, `query.*`. */
  async change(
    name: string,
    change: Partial<Omit<QueryScheduleOrder, 'name'>> & { readonly isEnabled?: boolean },
    by: string,
  ): Promise<QuerySchedule> {
    const checked = change.sql === undefined ? undefined : checkSql(change.sql);
    if (checked?.ok === false) throw checked.error;
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const schedule = { ...(await this.get(name)), ...given, changedAt: nowUs(), changedBy: by };
    await this.#o.store.put(schedule, entryOf(schedule, 'query-schedule.change'));
    await this.#tellAll();
    return schedule;
  }

  /** Throws `api.not_found`. */
  async remove(name: string, by: string): Promise<QuerySchedule> {
    const old = await this.get(name);
    const gone = { ...old, changedAt: nowUs(), changedBy: by };
    await this.#o.store.remove(name, entryOf(gone, 'query-schedule.remove'));
    await this.#tellAll();
    return old;
  }

  async opened(link: CommandLink): Promise<void> {
    if (!link.features.includes('schedule')) return;
    this.#links.set(link.hostId, link);
    await this.#inTurn(async () => {
      const host = await this.#o.hosts.get(link.hostId);
      if (host !== undefined) tell(link, host, await this.#o.store.list());
    });
  }

  closed(link: CommandLink): void {
    if (this.#links.get(link.hostId) === link) this.#links.delete(link.hostId);
  }

  #tellAll(): Promise<void> {
    return this.#inTurn(async () => {
      const schedules = await this.#o.store.list();
      for (const host of await this.#o.hosts.list()) {
        const link = this.#links.get(host.id);
        if (link !== undefined) tell(link, host, schedules);
      }
    });
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const telling = this.#telling.then(act);
    this.#telling = telling.catch(() => undefined);
    return telling;
  }
}

function tell(link: CommandLink, host: Host, schedules: readonly QuerySchedule[]): void {
  const queries = schedules
    .filter(({ isEnabled, hosts }) => isEnabled && isMeant(host, hosts))
    .map(({ name, sql, intervalS }) => ({ name, sql, intervalS }));
  link.send({ kind: 'schedule', queries: encodeSchedule(queries) });
}

function entryOf(schedule: QuerySchedule, action: string): NewAuditEntry {
  const { name, sql, intervalS, hosts, isEnabled, changedAt, changedBy } = schedule;
  return {
    at: changedAt,
    actor: changedBy,
    action,
    target: `scheduled query ${name}`,
    detail: { sql, intervalS, hosts: hosts.join(), enabled: isEnabled ? 1 : 0 },
  };
}
