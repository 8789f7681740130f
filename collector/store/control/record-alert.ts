import { sql, type Transaction } from 'kysely';
import { alertId } from '#shared/detect/alert.ts';
import { isOneEpisode } from '#shared/detect/episode.ts';
import type { AlertBounds, NewAlert } from '../contract.ts';
import { confidenceOf, type EarlierAlerts, lookedAt } from './alert-confidence.ts';
import { type AlertRow, changeable, extension, hourOf, rowOf } from './alert-rows.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

export interface Recorded {
  readonly row: AlertRow;
  readonly isNew: boolean;
}

/** Alerts of one key that are looked at for the one that goes on; later ones do not overlap it. */
const candidates = 16;

/** Begins the recording of what a transaction raises. */
export class AlertRecorder {
  readonly #sealed: SealedColumns;
  readonly #bounds: AlertBounds;

  constructor(sealed: SealedColumns, bounds: AlertBounds) {
    this.#sealed = sealed;
    this.#bounds = bounds;
  }

  within(tx: Transaction<Tables>): Recording {
    return new Recording(tx, this.#sealed, this.#bounds);
  }
}

/**
 * Puts what was raised into alerts, as part of a transaction. Hits of one key make one alert as long as they follow one
 * another (see episode.ts) and nobody closed it: what came before it was closed is still its own. Alerts that go on are
 * written when it is finished, once each: a flood is mostly hits of the same ones.
 */
export class Recording {
  readonly #tx: Transaction<Tables>;
  readonly #sealed: SealedColumns;
  readonly #bounds: AlertBounds;
  /** What was recorded, by id, as it is now. */
  readonly #recorded = new Map<string, Recorded>();
  readonly #byKey = new Map<string, Set<string>>();
  /** What must be written again. */
  readonly #changed = new Set<string>();
  /** Alerts begun by rule, host and hour, as many as were asked about. */
  readonly #begun = new Map<string, number>();

  constructor(tx: Transaction<Tables>, sealed: SealedColumns, bounds: AlertBounds) {
    this.#tx = tx;
    this.#sealed = sealed;
    this.#bounds = bounds;
  }

  async add(alert: NewAlert): Promise<void> {
    const known = await this.#goingOn(alert);
    if (known !== undefined) return this.#extend(known, alert);
    const over = await this.#overflow(alert);
    const summed = over && (await this.#goingOn(over));
    if (summed !== undefined) return this.#extend(summed, alert);
    await this.#begin(over ?? alert);
  }

  /** Writes what is not written yet; gives all alerts that were begun or went on. */
  async finish(): Promise<readonly Recorded[]> {
    await this.#write(this.#changed);
    return [...this.#recorded.values()];
  }

  async #goingOn(alert: NewAlert): Promise<AlertRow | undefined> {
    const own = this.#recorded.get(alert.id)?.row;
    if (own !== undefined) return own;
    const { key, id } = alert;
    const alerts = this.#tx.selectFrom('alert').selectAll();
    const same = await alerts.where('id', '=', id).executeTakeFirst();
    if (same !== undefined || key === undefined) return same;
    const { quietUs } = this.#bounds;
    const stored = await alerts
      .where('entity_key', '=', key)
      .where('first_event_at', '<=', alert.lastEventAt + quietUs)
      .where('last_event_at', '>=', alert.firstEventAt - quietUs)
      .orderBy('first_event_at')
      .orderBy('id')
      .limit(candidates)
      .execute();
    const near = new Map(stored.map((row) => [row.id, row]));
    // What went on since it was stored reaches further than what is stored says.
    for (const one of this.#byKey.get(key) ?? []) near.set(one, this.#recorded.get(one)!.row);
    const inOrder = [...near.values()].sort(byBeginning).slice(0, candidates);
    return inOrder.find((row) => {
      const span = { firstEventAt: row.first_event_at, lastEventAt: row.last_event_at };
      return !isOver(row, alert) && isOneEpisode(span, alert, this.#bounds);
    });
  }

  #extend(row: AlertRow, again: NewAlert): void {
    this.#keep({ ...row, ...extension(row, again) }, this.#recorded.get(row.id)?.isNew ?? false);
    this.#changed.add(row.id);
  }

  #keep(row: AlertRow, isNew: boolean): void {
    this.#recorded.set(row.id, { row, isNew });
    if (row.entity_key === null) return;
    const alike = this.#byKey.get(row.entity_key);
    if (alike === undefined) this.#byKey.set(row.entity_key, new Set([row.id]));
    else alike.add(row.id);
  }

  async #begin(alert: NewAlert): Promise<void> {
    const alike = alert.key === undefined ? undefined : this.#byKey.get(alert.key);
    if (alike !== undefined) await this.#write(alike);
    const facts = await earlierOf(this.#tx, alert);
    const previousId = await previousOf(this.#tx, alert);
    const row = rowOf(alert, { ...confidenceOf(alert.confidence ?? 'medium', facts), previousId });
    await this.#tx.insertInto('alert').values(this.#sealed.seal('alert', row)).execute();
    const place = placeOf(alert);
    const begun = this.#begun.get(place);
    if (begun !== undefined) this.#begun.set(place, begun + 1);
    this.#keep(row, true);
  }

  async #write(ids: ReadonlySet<string>): Promise<void> {
    for (const id of ids) {
      if (!this.#changed.delete(id)) continue;
      const changed = changeable(this.#recorded.get(id)!.row);
      await this.#tx
        .updateTable('alert')
        .set(this.#sealed.seal('alert', changed))
        .where('id', '=', id)
        .execute();
    }
  }

  /** The one alert that what begins beyond the bound is put into; undefined within the bound. */
  async #overflow(alert: NewAlert): Promise<NewAlert | undefined> {
    if (alert.key === undefined) return undefined;
    const { maxPerHour } = this.#bounds;
    const hour = hourOf(alert.firstEventAt);
    const place = placeOf(alert);
    let n = this.#begun.get(place);
    if (n === undefined) {
      n = await begunWithin(this.#tx, alert, hour, maxPerHour);
      this.#begun.set(place, n);
    }
    if (n < maxPerHour) return undefined;
    const id = alertId(alert.ruleId, alert.hostId, 'more', String(hour));
    const reason = `${alert.ruleTitle}: more than ${maxPerHour} alerts about different things within an hour; the others are counted here, the first of them: ${alert.reason}`;
    return { ...alert, id, key: id, entity: {}, reason };
  }
}

const placeOf = ({ ruleId, hostId, firstEventAt }: NewAlert) =>
  `${ruleId}\0${hostId}\0${hourOf(firstEventAt)}`;

const byBeginning = (a: AlertRow, b: AlertRow) =>
  a.first_event_at - b.first_event_at || (a.id < b.id ? -1 : 1);

/** Alerts of the rule on the host that began in an hour of the clock; `most` where there are more. */
async function begunWithin(
  tx: Transaction<Tables>,
  { ruleId, hostId }: NewAlert,
  hour: number,
  most: number,
): Promise<number> {
  const begun = tx
    .selectFrom('alert')
    .select('id')
    .where('rule_id', '=', ruleId)
    .where('host_id', '=', hostId)
    .where('opened_hour', '=', hour)
    .limit(most);
  const { n } = await tx
    .selectFrom(begun.as('begun'))
    .select((row) => row.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  return n;
}

/** Whether somebody was done with it before this happened; hosts with wrong clocks do not put that off. */
function isOver({ status, last_event_at, changed_at }: AlertRow, again: NewAlert): boolean {
  const until = Math.min(last_event_at, changed_at ?? last_event_at);
  return status === 'closed' && again.lastEventAt > until;
}

/** The last alerts of the rule, those alike together. */
async function earlierOf(tx: Transaction<Tables>, alert: NewAlert): Promise<readonly EarlierAlerts[]> {
  const last = tx
    .selectFrom('alert')
    .select(['verdict', 'host_id', 'entity_key'])
    .where('rule_id', '=', alert.ruleId)
    .orderBy('raised_at', 'desc')
    .orderBy('id', 'desc')
    .limit(lookedAt);
  const rows = await tx
    .selectFrom(last.as('last'))
    .select((row) => [
      'verdict',
      sql<number>`host_id = ${alert.hostId}`.as('same_host'),
      sql<number>`coalesce(entity_key = ${alert.key ?? null}, 0)`.as('same_entity'),
      row.fn.countAll<number>().as('count'),
    ])
    .groupBy(['verdict', 'same_host', 'same_entity'])
    .execute();
  return rows.map(({ verdict, same_host, same_entity, count }) => ({
    ...{ verdict, count, isSameHost: same_host === 1, isSameEntity: same_entity === 1 },
  }));
}

async function previousOf(tx: Transaction<Tables>, { key }: NewAlert): Promise<string | null> {
  if (key === undefined) return null;
  const row = await tx
    .selectFrom('alert')
    .select('id')
    .where('entity_key', '=', key)
    .orderBy('last_event_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row?.id ?? null;
}
