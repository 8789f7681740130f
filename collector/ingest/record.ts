import { fail, ok, type Result } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { DecodedBatch } from '#shared/protocol/codec/decode.ts';
import { valueAt } from '#shared/schema/columns.ts';
import type { BatchRecord } from '../store/journal/contract.ts';

const lossReasons: readonly string[] = eventSpecs.loss.fields['loss.reason'].values;

const sensorPattern = /^[a-z]{1,32}$/;

/** Declared losses of a batch by reason, those of a sensor with its name; a reason not known here counts as `other`. */
function lossesOf(batch: DecodedBatch): Record<string, number> {
  const lost: Record<string, number> = {};
  for (const { events } of batch.groups) {
    if (events.type !== 'loss') continue;
    const counts = events.columns.get('loss.count');
    const reasons = events.columns.get('loss.reason');
    const sensors = events.columns.get('loss.sensor');
    for (let row = 0; row < events.count; row++) {
      const said = reasons === undefined ? undefined : valueAt(reasons, row);
      const known = typeof said === 'string' && lossReasons.includes(said) ? said : 'other';
      const sensor = sensors === undefined ? undefined : valueAt(sensors, row);
      const reason = typeof sensor === 'string' && sensorPattern.test(sensor) ? `${known}/${sensor}` : known;
      const count = counts === undefined ? 0 : Number(valueAt(counts, row) ?? 0);
      lost[reason] = (lost[reason] ?? 0) + Math.max(0, count);
    }
  }
  return lost;
}

/** Rows by type; what a newer agent sent and this version does not know counts as `unknown`. */
function countsOf(batch: DecodedBatch): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { events } of batch.groups) counts[events.type] = (counts[events.type] ?? 0) + events.count;
  if (batch.unknown.events > 0) counts['unknown'] = batch.unknown.events;
  return counts;
}

function spanOf(batch: DecodedBatch, receivedAt: number): { minTime: number; maxTime: number } {
  let minTime = Number.POSITIVE_INFINITY;
  let maxTime = Number.NEGATIVE_INFINITY;
  for (const { events } of batch.groups) {
    for (const time of events.times) {
      if (time < minTime) minTime = time;
      if (time > maxTime) maxTime = time;
    }
  }
  return minTime > maxTime ? { minTime: receivedAt, maxTime: receivedAt } : { minTime, maxTime };
}

export type BatchHeader = Pick<
  BatchRecord,
  'hostId' | 'stream' | 'sequence' | 'collected' | 'receivedAt' | 'data'
>;

/** What the journal keeps of a decoded batch. `wire.batch_malformed` when it holds no event at all. */
export function recordOf(header: BatchHeader, batch: DecodedBatch): Result<BatchRecord> {
  if (batch.count === 0) return fail('wire.batch_malformed', 'The batch is empty.');
  const counts = countsOf(batch);
  const stored = batch.count - (counts['loss'] ?? 0);
  return ok({ ...header, stored, lost: lossesOf(batch), counts, ...spanOf(batch, header.receivedAt) });
}
