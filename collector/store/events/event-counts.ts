/** How many events pass a filter, over time and by type, and which values a field of them has most. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { fieldIn } from '#shared/filter/fields.ts';
import type { Filter } from '#shared/filter/filter.ts';
import type { EventCountQuery, EventCounts, EventSql, EventValue, SqlValue } from '../contract.ts';
import { neededOf, typesOf } from './filter-scope.ts';
import { filterSql } from './filter-sql.ts';
import { specOf, wholeNumber } from './segment-rows.ts';
import { quoted, SqlParameters } from './sql-parameters.ts';

const secondUs = 1_000_000;
const minuteUs = 60 * secondUs;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;
/** Widths that a reader of a clock or calendar knows. */
const widthsUs = [
  ...[1, 2, 5, 10, 30].map((n) => n * secondUs),
  ...[1, 2, 5, 10, 30].map((n) => n * minuteUs),
  ...[1, 3, 6, 12].map((n) => n * hourUs),
  ...[1, 7, 30, 90, 365].map((n) => n * dayUs),
];
const timeoutMs = 15_000;
/** Longest value that is told; longer ones are counted together by their beginning. */
const maxValueLength = 256;

/** The least width with at most so many bars. */
function widthOf(spanUs: number, bars: number): number {
  return widthsUs.find((width) => spanUs / width <= bars) ?? (widthsUs.at(-1) as number);
}

/** Counts in SQL over journal and segments. The filter names hosts by id. All reject with `hunt.*`. */
export class EventCounter {
  readonly #sql: EventSql;

  constructor(sql: EventSql) {
    this.#sql = sql;
  }

  async counts({ filter, since, until, bars }: EventCountQuery): Promise<EventCounts> {
    const from = since ?? (await this.#first(filter, until)) ?? until;
    const widthUs = widthOf(until - from, bars);
    const rows = await this.#ask(
      filter,
      { since: from, until },
      (type) =>
        `SELECT '${type}' AS type, epoch_us(time) // ${widthUs} AS bar, count(*) AS events FROM ${quoted(type)}`,
      ' GROUP BY bar',
      (parts) => parts,
    );
    const items = rows.map(([type, bar, events]) => ({
      ...{ type: String(type), at: wholeNumber(bar) * widthUs, events: wholeNumber(events) },
    }));
    return {
      since: from,
      until,
      widthUs,
      items: items.sort((a, b) => a.at - b.at || (a.type < b.type ? -1 : 1)),
    };
  }

  /** Values of a field, those of most events first. Entries of lists count each. */
  async values(
    query: Omit<EventCountQuery, 'bars'>,
    field: string,
    most: number,
  ): Promise<readonly EventValue[]> {
    const rows = await this.#ask(
      query.filter,
      query,
      (type) => {
        const known = field === 'host.id' ? { ecs: field, type: 'keyword' } : fieldIn(type, field);
        if (known === undefined) return undefined;
        const column = quoted(known.ecs);
        const value = known.type === 'keywords' ? `unnest(${column})` : `${column}::VARCHAR`;
        return `SELECT left(${value}, ${maxValueLength}) AS value FROM ${quoted(type)}`;
      },
      '',
      (parts) =>
        `SELECT value, count(*) AS events FROM (${parts}) WHERE value IS NOT NULL GROUP BY value ORDER BY events DESC, value LIMIT ${most}`,
    );
    return rows.map(([value, events]) => ({ value: String(value), events: wholeNumber(events) }));
  }

  async #first(filter: Filter, until: number): Promise<number | undefined> {
    const rows = await this.#ask(
      filter,
      { until },
      (type) => `SELECT epoch_us(min(time)) AS first_us FROM ${quoted(type)}`,
      '',
      (parts) => `SELECT min(first_us) FROM (${parts})`,
    );
    const at = rows[0]?.[0];
    return at === null || at === undefined ? undefined : wholeNumber(at);
  }

  /** Runs one SELECT for each type that may pass, joined by UNION ALL, in a statement around them. */
  async #ask(
    filter: Filter,
    { since, until }: { readonly since?: number; readonly until: number },
    select: (type: string) => string | undefined,
    end: string,
    around: (parts: string) => string,
  ): Promise<readonly (readonly SqlValue[])[]> {
    const parameters = new SqlParameters();
    const from = since === undefined ? '' : ` AND time >= ${parameters.addInstant(since)}`;
    const to = parameters.addInstant(until);
    const parts = (typesOf(filter) ?? Object.keys(eventSpecs)).flatMap((type) => {
      const selected = select(type);
      if (selected === undefined) return [];
      const passes = filterSql(filter, specOf(type), parameters);
      if (passes === false) return [];
      return [`${selected} WHERE time <= ${to}${from}${passes === true ? '' : ` AND ${passes}`}${end}`];
    });
    if (parts.length === 0) return [];
    const bounds = { maxRows: 100_000, timeoutMs };
    const statement = around(parts.join(' UNION ALL '));
    const scope = { until, needed: neededOf(filter), ...(since !== undefined && { since }) };
    return (await this.#sql.query(statement, parameters.values, bounds, scope)).rows;
  }
}
