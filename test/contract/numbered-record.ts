import type { BatchRecord } from '../../collector/store/journal/contract.ts';
import { batchOf, numbered, numberedHigh } from '../events.ts';

export const numberedHost = 'a'.repeat(16);
/** Events of a numbered batch. */
export const batchEvents = 20;

/** The batch of this sequence: its events bear the numbers that follow those of the batch before. */
export function numberedRecord(sequence: number): BatchRecord {
  const first = (sequence - 1) * batchEvents;
  const events = Array.from({ length: batchEvents }, (_, i) =>
    i % 4 === 0 ? numberedHigh(first + i) : numbered(first + i),
  );
  const { counts, minTime, maxTime, data } = batchOf(...events);
  return {
    ...{ hostId: numberedHost, stream: 'b'.repeat(16), sequence, collected: sequence * batchEvents },
    ...{ stored: batchEvents, lost: {}, counts, minTime, maxTime, receivedAt: maxTime, data },
  };
}
