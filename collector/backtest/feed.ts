import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import type { BatchKey } from '../store/scan/arrival.ts';
import type { BatchPart, SparseBatch } from '../store/scan/batches.ts';
import type { TailEntry } from '../store/scan/scan-source.ts';
import { takeRows } from '../store/scan/take-rows.ts';
import type { BacktestHost } from './contract.ts';
import { type ScanBounds, unknownProduct } from './scan.ts';
import type { Originated, Side } from './side.ts';

/** Gives batches to detection as it would have seen them live, in the order they are given. */
export class Feed {
  readonly #sides: readonly Side[];
  readonly #hosts: ReadonlyMap<string, BacktestHost>;
  readonly #bounds: ScanBounds;

  /** Of what lies before `bounds.since` only the part in correlations counts. */
  constructor(sides: readonly Side[], hosts: readonly BacktestHost[], bounds: ScanBounds) {
    this.#sides = sides;
    this.#hosts = new Map(hosts.map((host) => [host.id, host]));
    this.#bounds = bounds;
  }

  batch({ parts, ...key }: SparseBatch): void {
    this.#give(key, parts, (time) => time < this.#bounds.since, 'replay');
    this.#give(key, parts, (time) => time >= this.#bounds.since && time <= this.#bounds.until, 'detect');
  }

  /** A batch of the journal as it came, from `since` on; false when it does not decode. */
  stored(entry: TailEntry, data: Uint8Array, since: number): boolean {
    const decoded = decodeBatch(data);
    if (!decoded.ok) return false;
    const parts = decoded.value.groups.map(({ offset, events }) => ({
      events,
      indexes: Float64Array.from({ length: events.count }, (_, i) => offset + i),
    }));
    const { hostId, stream, sequence, receivedAt } = entry;
    const key = { hostId, stream, sequence, receivedAt };
    this.#give(key, parts, (time) => time >= since && time < this.#bounds.since, 'replay');
    this.#give(key, parts, (time) => time >= this.#bounds.since && time <= this.#bounds.until, 'detect');
    return true;
  }

  #give(
    key: BatchKey,
    parts: readonly BatchPart[],
    isMeant: (time: number) => boolean,
    how: 'replay' | 'detect',
  ): void {
    const meant = parts.flatMap((part) => {
      const within = partWithin(part, isMeant);
      return within === null ? [] : [within];
    });
    if (meant.length === 0) return;
    const given = this.#originated(key, meant);
    for (const side of this.#sides) side[how](given);
  }

  #originated({ hostId, stream, sequence, receivedAt }: BatchKey, parts: readonly BatchPart[]): Originated {
    const host = this.#hosts.get(hostId);
    const indexOf = (group: number, row: number) => parts[group]?.indexes[row] ?? -1;
    const origin = {
      ...{ hostId, receivedAt, indexOf },
      hostName: host?.name ?? 'unnamed',
      product: host?.product ?? unknownProduct,
      eventId: (group: number, row: number) =>
        eventId({ hostId, stream, sequence, index: indexOf(group, row) }),
    };
    return { origin, groups: parts.map(({ events }) => events) };
  }
}

function partWithin(part: BatchPart, isMeant: (time: number) => boolean): BatchPart | null {
  const { events, indexes } = part;
  const rows: number[] = [];
  for (let row = 0; row < events.count; row++) if (isMeant(events.times[row] as number)) rows.push(row);
  if (rows.length === events.count) return part;
  if (rows.length === 0) return null;
  return {
    events: takeRows(events, rows),
    indexes: Float64Array.from(rows, (row) => indexes[row] as number),
  };
}
