import type { Hit } from '#shared/detect/hit.ts';
import { fail, ok, type Result } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type Filter, withLeaves } from '#shared/filter/filter.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import { problemError } from '#shared/filter/problem.ts';
import { globMatches } from '#shared/glob.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { ColumnarEvents, EventRow } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import type { AlertException } from '../store/contract.ts';
import { FilterMatcher } from '../store/events/match.ts';

/** What an exception is matched by. */
export type ExceptionScope = Pick<AlertException, 'ruleId' | 'key' | 'hosts' | 'filter'>;

/** What an alert or a hit is matched by. */
export interface Subject extends Hit {
  readonly ruleId: string;
  readonly key: () => string;
}

/** The filter of an exception, read; one that names hosts is refused, as `hosts` is for that. */
export function readExceptionFilter(text: string): Result<Filter> {
  const parsed = parseFilter(text);
  if (!parsed.ok) return { ok: false, error: problemError(parsed.problem) };
  let namesHost = false;
  withLeaves(parsed.value, (leaf) => {
    namesHost ||= leaf.kind === 'host' || leaf.kind === 'hosts';
    return leaf;
  });
  return namesHost ? fail('filter.value', 'Name hosts beside the filter, not in it.') : ok(parsed.value);
}

/** One exception, made ready. */
export class ExceptionTest {
  readonly #scope: ExceptionScope;
  readonly #matcher: FilterMatcher | null;
  /** Rows that the filter holds of, by group of events: a group is looked through once, at its first hit. */
  readonly #rows = new WeakMap<ColumnarEvents, ReadonlySet<number>>();

  /** Throws what `readExceptionFilter` refuses. */
  constructor(scope: ExceptionScope) {
    this.#scope = scope;
    const filter = readExceptionFilter(scope.filter);
    if (!filter.ok) throw filter.error;
    this.#matcher = scope.filter.trim() === '' ? null : new FilterMatcher(filter.value);
  }

  holds({ ruleId, key, hostId, hostName, events, row }: Subject): boolean {
    const { ruleId: rule, key: entity, hosts } = this.#scope;
    if (rule !== null && rule !== ruleId) return false;
    if (hosts !== null && !globMatches(hosts, hostName) && !globMatches(hosts, hostId)) return false;
    if (entity !== null && entity !== key()) return false;
    return this.#matcher === null || this.#rowsOf(this.#matcher, hostId, events).has(row);
  }

  #rowsOf(matcher: FilterMatcher, hostId: string, events: ColumnarEvents): ReadonlySet<number> {
    let rows = this.#rows.get(events);
    if (rows === undefined) {
      rows = new Set(matcher.rows(hostId, events, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
      this.#rows.set(events, rows);
    }
    return rows;
  }
}

/** The exceptions in force, looked up by rule. A hit that several hide is counted to the one made first. */
export class ExceptionSet {
  readonly #ofRule = new Map<string, Entry[]>();
  readonly #ofAny: Entry[] = [];

  constructor(exceptions: readonly AlertException[]) {
    const inOrder = exceptions.toSorted((a, b) => a.madeAt - b.madeAt || (a.id < b.id ? -1 : 1));
    for (const [order, { id, expiresAt, ...scope }] of inOrder.entries()) {
      const entry = { id, order, expiresAt, test: new ExceptionTest(scope) };
      if (scope.ruleId === null) this.#ofAny.push(entry);
      else {
        const list = this.#ofRule.get(scope.ruleId);
        if (list === undefined) this.#ofRule.set(scope.ruleId, [entry]);
        else list.push(entry);
      }
    }
  }

  /** The exception that hides it at an instant (microseconds); undefined for none. */
  idOf(subject: Subject, at: number): string | undefined {
    const holds = ({ expiresAt, test }: Entry) => expiresAt > at && test.holds(subject);
    const own = this.#ofRule.get(subject.ruleId)?.find(holds);
    const any = this.#ofAny.find(holds);
    if (own === undefined || any === undefined) return (own ?? any)?.id;
    return own.order < any.order ? own.id : any.id;
  }
}

interface Entry {
  readonly id: string;
  readonly order: number;
  readonly expiresAt: number;
  readonly test: ExceptionTest;
}

/** An alert as what exceptions are matched against: by the event it quotes. */
export function subjectOfAlert(alert: {
  readonly ruleId: string;
  readonly key?: string | null;
  readonly hostId: string;
  readonly hostName: string;
  readonly event: EventRow;
}): Subject {
  const { ruleId, key, hostId, hostName, event } = alert;
  const spec = (eventSpecs as Readonly<Record<string, EventSpec>>)[event.type];
  const events =
    spec === undefined
      ? { type: event.type, count: 1, times: Float64Array.of(event.time), columns: new Map() }
      : columnarOf(spec, [event]);
  return { ruleId, key: () => key ?? '', hostId, hostName, events, row: 0 };
}
