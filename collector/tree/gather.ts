import { VedetteError } from '#shared/errors.ts';
import { allOf, type Filter, type ValueTest } from '#shared/filter/filter.ts';
import type { EventReader, StoredEvent } from '../store/contract.ts';
import type { LeftOut } from './contract.ts';

/** Where the events of one tree are looked for: one host, a bounded time. */
export interface Scope {
  readonly events: EventReader;
  /** Undefined for all hosts. */
  readonly hostId: string | undefined;
  readonly since: number;
  readonly until: number;
  /** Ends of processes before this are of no interest. */
  readonly endsSince: number;
}

const pageSize = 500;
/** Most pages of one question; a page may be empty where a search had to stop in between. */
const maxPages = 40;

export interface Gathered {
  /** The newest first. */
  readonly items: readonly StoredEvent[];
  readonly left: LeftOut;
}

/** The newest event that passes. */
export async function newestOf(scope: Scope, filter: Filter): Promise<StoredEvent | undefined> {
  for await (const items of pagesOf(scope, filter, () => 1)) if (items[0] !== undefined) return items[0];
  return undefined;
}

/** The newest `most` events that pass; those beyond are counted, up to twice as many again. */
export async function gather(scope: Scope, filter: Filter, most: number): Promise<Gathered> {
  const items: StoredEvent[] = [];
  const farthest = most * 3;
  let counted = 0;
  for await (const page of pagesOf(scope, filter, () => farthest - counted)) {
    counted += page.length;
    items.push(...page.slice(0, most - items.length));
    if (counted >= farthest) break;
  }
  return { items, left: { count: counted - items.length, isAtLeast: counted >= farthest } };
}

/** Pages of what passes in the scope, the newest first; ends early rather than go on for ever. */
async function* pagesOf(scope: Scope, filter: Filter, wanted: () => number) {
  const { events, hostId, since, until } = scope;
  const whole = hostId === undefined ? filter : allOf({ kind: 'hosts', ids: [hostId] }, filter);
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const limit = Math.min(pageSize, wanted());
    const query = { filter: whole, since, until, limit, order: 'newest' } as const;
    const found = await events.search({ ...query, ...(cursor !== undefined && { cursor }) });
    yield found.items;
    if (found.next === null) return;
    cursor = found.next;
  }
  throw new VedetteError(
    'api.timeout',
    'The tree takes too many searches; ask for a shorter time around it.',
  );
}

/** Sums up what was left out. */
export function addLeft(a: LeftOut, b: LeftOut): LeftOut {
  return { count: a.count + b.count, isAtLeast: a.isAtLeast || b.isAtLeast };
}

export const nothingLeft: LeftOut = { count: 0, isAtLeast: false };

const field = (name: string, test: ValueTest): Filter => ({ kind: 'field', name, test });

export const ofTypes = (...types: readonly string[]): Filter => ({ kind: 'types', types });

export const isPresent = (name: string): Filter => field(name, { is: 'present' });

/** The field is one of these texts. */
export function isAmong(name: string, texts: readonly string[]): Filter {
  return { kind: 'any', of: texts.map((text) => field(name, { is: 'exact', text })) };
}

export function isNumber(name: string, numbers: readonly number[]): Filter {
  const of = numbers.map((value) => {
    const bound = { value, isInclusive: true };
    return field(name, { is: 'between', low: bound, high: bound });
  });
  return { kind: 'any', of };
}

export function isAtMost(name: string, value: number): Filter {
  return field(name, { is: 'between', low: null, high: { value, isInclusive: true } });
}
