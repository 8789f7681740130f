import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { type EncodedBatch, encodeBatch } from '#shared/protocol/codec/encode.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';

export type LossEvent = EventByType['loss'];
export type LossReason = LossEvent['loss.reason'];

/** A loss event from counts by type. */
export function lossEvent(
  counts: Readonly<Record<string, number>>,
  reason: LossReason,
  from: number,
  to: number,
): LossEvent {
  return {
    type: 'loss',
    time: nowUs(),
    'loss.count': Object.values(counts).reduce((sum, n) => sum + n, 0),
    'loss.reason': reason,
    'loss.types': Object.entries(counts).map(([type, n]) => `${type}=${n}`),
    'loss.from': from,
    'loss.to': to,
  };
}

/** Loss events that a batch itself holds must outlive it: they already stand for events that are gone. */
function lossesIn(data: Uint8Array): EventRow[] {
  const decoded = decodeBatch(data);
  if (!decoded.ok) return [];
  return decoded.value.groups
    .filter((g) => g.events.type === 'loss')
    .flatMap((g) => Array.from({ length: g.events.count }, (_, i) => rowAt(g.events, i)));
}

/** What takes the place of a batch that is given up: one loss event for its events, and the losses it declared. */
export function lossBatch(
  counts: Readonly<Record<string, number>>,
  data: Uint8Array,
  reason: LossReason,
  from: number,
  to: number,
): EncodedBatch {
  const { loss: declared = 0, ...events } = counts;
  const kept = declared > 0 ? lossesIn(data) : [];
  return encodeBatch([...kept, lossEvent(events, reason, from, to) as unknown as EventRow]);
}
