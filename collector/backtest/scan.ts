import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { type CompiledRule, Matcher } from '#shared/sigma/index.ts';
import { type Arrivals, arrivalsOf } from '../store/scan/arrival.ts';
import type { ScanUnit } from '../store/scan/scan-source.ts';
import { StoredGroup } from '../store/scan/stored-group.ts';
import type { BacktestHost } from './contract.ts';

/** What a row group came to. */
export interface Scanned {
  /** Whether rows were looked at: not where no value in it can be part of a match. */
  readonly isRead: boolean;
  /** Rows that some rule matches; null when there is none. */
  readonly arrivals: Arrivals | null;
}

export interface ScanBounds {
  /** Event times, inclusive, microseconds. */
  readonly since: number;
  readonly until: number;
  readonly hostIds?: readonly string[];
}

/** Of hosts nobody knows any more, as live detection takes them. */
export const unknownProduct = 'unknown';

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** Looks for the rows of row groups that any of the rules matches. Detection is then run on these alone. */
export class Scan {
  readonly #matcher: Matcher;
  readonly #bounds: ScanBounds;
  readonly #products: ReadonlyMap<string, string>;
  readonly #hostIds: ReadonlySet<string> | null;
  /** Types of events of which detectors look at every one. */
  readonly #observed: ReadonlySet<string>;

  constructor(
    rules: readonly CompiledRule[],
    hosts: readonly BacktestHost[],
    bounds: ScanBounds,
    observed: ReadonlySet<string> = new Set(),
  ) {
    this.#observed = observed;
    // A rule that throws here throws in detection too, where it is told.
    this.#matcher = new Matcher(rules, Object.values(eventSpecs), () => undefined);
    this.#bounds = bounds;
    this.#products = new Map(hosts.map(({ id, product }) => [id, product]));
    this.#hostIds = bounds.hostIds === undefined ? null : new Set(bounds.hostIds);
  }

  /** Throws when the file is damaged. */
  scan({ fd, type, place, minTime, maxTime }: ScanUnit): Scanned {
    const spec = specs[type];
    // An alert of a host quotes what it is about, and findings are made by detectors: to rules they are no events of hosts.
    if (spec === undefined || type === 'alert' || type === 'finding')
      return { isRead: false, arrivals: null };
    const group = new StoredGroup(fd, spec, place);
    const hosts = group.strings('host.id');
    const products = hosts.dictionary.map((id) => this.#productOf(id));
    const kinds = new Set(products.filter((product) => product !== null));
    const isMixed = kinds.size > 1 || products.includes(null);
    const { since, until } = this.#bounds;
    const isCut = minTime < since || maxTime > until;
    const found = new Set<number>();
    let isRead = false;
    for (const product of kinds) {
      const isObserved = this.#observed.has(type);
      if (!isObserved && !this.#matcher.concerns(type, product)) continue;
      const isMeant = (row: number) => {
        if (isMixed && products[(hosts.index[row] as number) - 1] !== product) return false;
        const time = isCut ? (group.times[row] as number) : since;
        return time >= since && time <= until;
      };
      if (isObserved) {
        for (let row = 0; row < group.count; row++) if (isMeant(row)) found.add(row);
        isRead = true;
        continue;
      }
      const hasRead = this.#matcher.match(group, product, (_, row) => {
        if (isMeant(row)) found.add(row);
      });
      isRead ||= hasRead;
    }
    return { isRead, arrivals: found.size === 0 ? null : arrivalsOf(group, [...found]) };
  }

  /** Null for hosts that were not asked for. */
  #productOf(hostId: string): string | null {
    if (this.#hostIds !== null && !this.#hostIds.has(hostId)) return null;
    return this.#products.get(hostId) ?? unknownProduct;
  }
}
