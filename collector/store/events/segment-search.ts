/** Search in what is sealed, by SQL: newest first, in windows of time that grow as long as little is found. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventPosition } from '#shared/protocol/event-id.ts';
import type { EventSql, SqlRows, SqlScope } from '../contract.ts';
import type { Span } from '../journal/contract.ts';
import {
  compareNewest,
  type NewestPage,
  type NewestQuery,
  type Place,
  type PlacedEvent,
} from './event-order.ts';
import { neededOf } from './filter-scope.ts';
import { filterSql } from './filter-sql.ts';
import {
  columnsSql,
  eventsOf,
  placeSql,
  positionColumns,
  positionOf,
  specOf,
  wholeNumber,
} from './segment-rows.ts';
import { quoted, SqlParameters } from './sql-parameters.ts';

const firstWindowUs = 3_600_000_000;
const leastWindowUs = 60_000_000;
const growth = 4;
/** A search that takes longer gives what it has, with a place to go on from. */
const budgetMs = 3000;
/** One window may take this long before it is made smaller. */
const windowMs = 10_000;
/** Event times are within this (shared/schema/spec.ts). */
const farthest = 2 ** 52;

interface Hit {
  readonly type: string;
  readonly time: number;
  readonly position: EventPosition;
}

const allTypes = Object.keys(eventSpecs);
const positionSql = positionColumns.map(quoted).join(', ');
const newestSql = ['time', ...positionColumns].map((name) => `${quoted(name)} DESC`).join(', ');

export class SegmentSearch {
  readonly #sql: EventSql;
  readonly #span: () => Promise<Span | undefined>;

  /** `span` gives undefined when nothing is sealed. */
  constructor(sql: EventSql, span: () => Promise<Span | undefined>) {
    this.#sql = sql;
    this.#span = span;
  }

  /** A page of what is sealed. Rejects with `hunt.*`. */
  async newest(query: NewestQuery): Promise<NewestPage> {
    const span = await this.#span();
    if (span === undefined) return { items: [], searchedTo: null };
    const oldest = Math.max(query.since, span.minTime, -farthest);
    const highest = Math.min(query.until, query.after?.time ?? farthest, span.maxTime);
    let high = highest;
    let widthUs = firstWindowUs;
    const hits: Hit[] = [];
    const startMs = performance.now();
    let searchedTo: Place | null = null;
    while (high >= oldest && hits.length < query.limit) {
      // Before the first window is through there is no place to stop at that lies behind the one this began from.
      if (high < highest && performance.now() - startMs > budgetMs) {
        searchedTo = { time: high, position: null };
        break;
      }
      const low = Math.max(oldest, high - widthUs);
      const found = await this.#window(query, low, high, query.limit - hits.length);
      if (found === undefined && widthUs > leastWindowUs) {
        widthUs = Math.max(leastWindowUs, widthUs / growth ** 2);
        continue;
      }
      hits.push(...(found ?? []));
      high = low - 1;
      widthUs *= growth;
    }
    const items = await this.#fetch(hits);
    const last = hits.length < query.limit ? undefined : hits.at(-1);
    return {
      items,
      searchedTo: last === undefined ? searchedTo : { time: last.time, position: last.position },
    };
  }

  /** Places of the newest events that pass, within instants both of which are in; undefined when that took too long. */
  async #window(query: NewestQuery, low: number, high: number, limit: number) {
    const parameters = new SqlParameters();
    const within = `${quoted('time')} BETWEEN ${parameters.addInstant(low)} AND ${parameters.addInstant(high)}`;
    const after = query.after === null ? '' : afterSql(query.after, parameters);
    const parts = allTypes.flatMap((type) => {
      const passes = filterSql(query.filter, specOf(type), parameters);
      if (passes === false) return [];
      const where = passes === true ? '' : ` AND ${passes}`;
      return [`SELECT '${type}' AS type, ${placeSql} FROM ${quoted(type)} WHERE ${within}${after}${where}`];
    });
    if (parts.length === 0) return [];
    const statement = `${parts.join(' UNION ALL ')} ORDER BY ${newestSql} LIMIT ${limit}`;
    try {
      const scope = { since: low, until: high, needed: neededOf(query.filter) };
      return hitsOf(await this.#ask(statement, parameters, limit, scope));
    } catch (error) {
      if ((error as { code?: string }).code === 'hunt.limit' && high - low > leastWindowUs) return undefined;
      throw error;
    }
  }

  #ask(
    statement: string,
    { values }: SqlParameters,
    maxRows: number,
    scope: SqlScope = {},
  ): Promise<SqlRows> {
    return this.#sql.query(statement, values, { maxRows, timeoutMs: windowMs }, scope);
  }

  /** The whole events, in the order of their hits. Those that retention has just taken are left out. */
  async #fetch(hits: readonly Hit[]): Promise<readonly PlacedEvent[]> {
    const byType = Map.groupBy(hits, ({ type }) => type);
    const found = await Promise.all([...byType].map(([type, of]) => this.#fetchOf(type, of)));
    return found.flat().sort(compareNewest);
  }

  async #fetchOf(type: string, hits: readonly Hit[]): Promise<readonly PlacedEvent[]> {
    const parameters = new SqlParameters();
    const times = hits.map(({ time }) => time);
    const scope = { since: Math.min(...times), until: Math.max(...times) };
    const low = parameters.addInstant(scope.since);
    const high = parameters.addInstant(scope.until);
    const rows = hits.map(({ position: { hostId, stream, sequence, index } }) => {
      const places = [hostId, stream, sequence, index].map((value) => parameters.add(value));
      return `(${places.join(', ')})`;
    });
    const statement = `SELECT ${columnsSql(specOf(type))} FROM ${quoted(type)}
      WHERE ${quoted('time')} BETWEEN ${low} AND ${high} AND (${positionSql}) IN (${rows.join(', ')})`;
    return eventsOf(type, await this.#ask(statement, parameters, hits.length, scope));
  }

  /** The event at a position. */
  async at(position: EventPosition): Promise<PlacedEvent | undefined> {
    if ((await this.#span()) === undefined) return undefined;
    const { hostId, stream, sequence, index } = position;
    const parameters = new SqlParameters();
    const places = [hostId, stream, sequence, index].map((value) => parameters.add(value));
    const is = positionColumns.map((name, i) => `${quoted(name)} = ${places[i]}`).join(' AND ');
    const parts = allTypes.map(
      (type) => `SELECT '${type}' AS type, ${placeSql} FROM ${quoted(type)} WHERE ${is}`,
    );
    const hits = hitsOf(await this.#ask(`${parts.join(' UNION ALL ')} LIMIT 1`, parameters, 1));
    return (await this.#fetch(hits))[0];
  }

  /** Events that pass, received at `from` or later and after `after` in that instant, the first received first. */
  async arrivals(query: Pick<NewestQuery, 'filter' | 'since' | 'until' | 'limit'>, from: ArrivalPlace) {
    const parameters = new SqlParameters();
    const ingested = quoted('event.ingested');
    const at = parameters.addInstant(from.receivedAt);
    const low = parameters.addInstant(Math.max(query.since, -farthest));
    const high = parameters.addInstant(Math.min(query.until, farthest));
    const after =
      from.position === null
        ? ''
        : ` AND (${ingested} > ${at} OR (${positionSql}) > (${positionPlaces(from.position, parameters)}))`;
    const parts = allTypes.flatMap((type) => {
      const passes = filterSql(query.filter, specOf(type), parameters);
      if (passes === false) return [];
      const where = passes === true ? '' : ` AND ${passes}`;
      return [
        `SELECT '${type}' AS type, ${placeSql}, ${ingested} FROM ${quoted(type)} WHERE ${ingested} >= ${at}
          AND ${quoted('time')} BETWEEN ${low} AND ${high}${after}${where}`,
      ];
    });
    if (parts.length === 0) return { items: [], last: null };
    const order = [ingested, ...positionColumns.map(quoted)].join(', ');
    const statement = `${parts.join(' UNION ALL ')} ORDER BY ${order} LIMIT ${query.limit}`;
    const scope = {
      since: Math.max(query.since, -farthest),
      until: Math.min(query.until, farthest),
      needed: neededOf(query.filter),
    };
    const rows = await this.#ask(statement, parameters, query.limit, scope);
    const hits = hitsOf(rows);
    const places = new Map(hits.map(({ position }, i) => [JSON.stringify(position), i]));
    const placeIn = ({ position }: PlacedEvent) => places.get(JSON.stringify(position)) as number;
    const items = [...(await this.#fetch(hits))].sort((a, b) => placeIn(a) - placeIn(b));
    const last = hits.length < query.limit ? undefined : rows.rows.at(-1);
    return {
      items,
      last: last === undefined ? null : { receivedAt: wholeNumber(last[6]), position: positionOf(last, 2) },
    };
  }
}

/** Right after an event in the order of what was received. */
export interface ArrivalPlace {
  readonly receivedAt: number;
  readonly position: EventPosition | null;
}

function hitsOf({ rows }: SqlRows): Hit[] {
  return rows.map((row) => ({
    type: String(row[0]),
    time: wholeNumber(row[1]),
    position: positionOf(row, 2),
  }));
}

function positionPlaces(
  { hostId, stream, sequence, index }: EventPosition,
  parameters: SqlParameters,
): string {
  return [hostId, stream, sequence, index].map((value) => parameters.add(value)).join(', ');
}

/** What is listed after a place; its instant is bounded elsewhere. */
function afterSql({ time, position }: Place, parameters: SqlParameters): string {
  if (position === null) return '';
  const places = positionPlaces(position, parameters);
  return ` AND (${quoted('time')} < ${parameters.addInstant(time)} OR (${positionSql}) < (${places}))`;
}
