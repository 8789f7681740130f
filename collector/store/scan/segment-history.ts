/** What segments hold of events that somebody has to see again, in the order in which it arrived. */
import { closeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import type { HistoryNeeds } from '../journal/contract.ts';
import type { Segment } from '../segments/manifest.ts';
import { type Arrivals, arrivalsOf } from './arrival.ts';
import { BatchMerge, type SparseBatch } from './batches.ts';
import { type OpenUnits, openUnits, type ScanUnit } from './scan-source.ts';
import { StoredGroup } from './stored-group.ts';

/**
 * Events of the types that are of use, and files, that are looked through at most, the newest of them: whoever asks makes
 * others wait, a second or two for a million events, six where every one of them is needed.
 */
export const historyBounds = { rows: 5_000_000, files: 1024 } as const;
/** Rows that may wait for those that arrived before them; beyond that they come out of order. */
const maxWaitingRows = 500_000;

export class SegmentHistory {
  readonly #folder: string;
  readonly #ring: KeyRing;
  readonly #bounds: { readonly rows: number; readonly files: number };

  constructor(
    folder: string,
    ring: KeyRing = noKeyRing,
    bounds: { readonly rows: number; readonly files: number } = historyBounds,
  ) {
    this.#folder = folder;
    this.#ring = ring;
    this.#bounds = bounds;
  }

  /** The rows that are needed, batch by batch. Throws `encryption.*` where a key is missing. */
  async *batches(segments: readonly Segment[], needs: HistoryNeeds): AsyncGenerator<SparseBatch> {
    const asked = segments.filter(
      ({ maxTime, type }) => maxTime >= needs.since && type in specs && needs.isOfUse(type),
    );
    const newest = asked.toSorted((a, b) => b.maxTime - a.maxTime).slice(0, this.#bounds.files);
    const opened = openUnits(newest, this.#folder, this.#ring);
    try {
      const units = this.#within(opened, asked.length - newest.length, needs);
      const merge = new BatchMerge();
      for (const [i, unit] of units.entries()) {
        const arrivals = scanned(unit, needs);
        if (arrivals !== null) merge.add(arrivals);
        const next = units[i + 1]?.firstReceivedAt ?? Number.POSITIVE_INFINITY;
        const before = merge.rows > maxWaitingRows ? Number.POSITIVE_INFINITY : next;
        for (let batch = merge.next(before); batch !== undefined; batch = merge.next(before)) yield batch;
        await setImmediate();
      }
    } finally {
      for (const fd of opened.fds) closeSync(fd);
    }
  }

  /** Those that may be needed, within the bounds; in the order in which they begin to arrive. */
  #within(opened: OpenUnits, filesLeftOut: number, needs: HistoryNeeds): readonly ScanUnit[] {
    const asked = opened.units
      .filter(({ maxTime }) => maxTime >= needs.since)
      .sort((a, b) => b.firstReceivedAt - a.firstReceivedAt);
    let rows = 0;
    const units = asked.filter((unit) => {
      rows += unit.rows;
      return rows <= this.#bounds.rows;
    });
    const left = asked.length - units.length;
    if (filesLeftOut + left > 0)
      needs.onLeftOut(`${filesLeftOut} files and ${left} row groups are more than is looked through.`);
    if (opened.damaged > 0) needs.onLeftOut(`${opened.damaged} files cannot be read.`);
    return units.reverse();
  }
}

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

function scanned({ fd, type, place }: ScanUnit, needs: HistoryNeeds): Arrivals | null {
  try {
    const group = new StoredGroup(fd, specs[type] as EventSpec, place);
    const found = rowsOf(group, needs);
    return found.length === 0 ? null : arrivalsOf(group, found);
  } catch (error) {
    needs.onLeftOut(`A row group cannot be read: ${(error as Error).message}.`);
    return null;
  }
}

function rowsOf(group: StoredGroup, needs: HistoryNeeds): readonly number[] {
  const hosts = group.strings('host.id');
  const products = hosts.dictionary.map(needs.productOf);
  const found: number[] = [];
  for (const product of new Set(products)) {
    if (!needs.concerns(group.type, product)) continue;
    for (const row of needs.rows(group, product)) {
      const isOfProduct = products[(hosts.index[row] as number) - 1] === product;
      if (isOfProduct && (group.times[row] as number) >= needs.since) found.push(row);
    }
  }
  return found;
}
