import type { CollectorStatus } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, dictionary, type FromSchema, instant, object, text } from '../schema.ts';
import { inForceJson, inForceSchema } from './bundle.ts';

const number = { type: 'number' } as const;

export const ledgerSchema = object({
  hostId: text,
  hostName: text,
  connected: { type: 'boolean' },
  collected: count,
  stored: count,
  lost: count,
  lostByReason: {
    ...dictionary(count),
    description: 'By reason; what a sensor lost is under `sensor-overrun/NAME`.',
  },
  detected: { ...count, description: 'Stored, and gone over by detection.' },
  pending: { ...count, description: 'Collected by the agent after the last stored batch, as it last said.' },
  repeats: { ...count, description: 'Batches that came again and were dropped.' },
  duplicates: { ...count, description: 'Events stored more than once; anything but 0 is a defect.' },
  unaccounted: { type: 'integer', description: 'collected - stored - lost; anything but 0 is a defect.' },
});

// Apart, because TypeScript infers nothing of an object nested in the call of another.
const journalSchema = object({ events: count, batches: count, sizeBytes: count });
const segmentsSchema = object({ files: count, events: count, sizeBytes: count });
const maybe = { ...instant, type: ['string', 'null'] } as const;
const keyId = { type: ['string', 'null'], description: 'Id of a key; null: in the clear.' } as const;
const keyUseSchema = object({ key: keyId, segments: count, batches: count });
const encryptionSchema = object({
  key: { ...keyId, description: 'What is stored from now on is encrypted under it; null: in the clear.' },
  stored: {
    type: 'array',
    items: keyUseSchema,
    description: 'What is stored under each key, where there are keys.',
  },
  isPending: { type: 'boolean', description: 'Alerts and answers of commands may not all be under it yet.' },
});
const storageSchema = object({
  segments: segmentsSchema,
  oldestEventAt: { ...maybe, description: 'Time of the first sealed event.' },
  newestEventAt: maybe,
  bytesPerDay: {
    type: ['number', 'null'],
    description: 'Sealed a day, over the last day; null before an hour of it.',
  },
  freeBytes: count,
  fullAt: {
    ...maybe,
    description:
      'When the disk is full at that rate; null when retention keeps it from ever being, or it is not known.',
  },
  encryption: encryptionSchema,
});
const correlationsSchema = object({
  groups: count,
  sizeBytes: count,
  evicted: { ...count, description: 'Groups dropped for room while they still might have mattered.' },
  tooLate: { ...count, description: 'Events that came too late for their window.' },
  dropped: { ...count, description: 'Events that left a group that had too many.' },
  unusable: { ...count, description: 'Events without the value that is counted.' },
});
const detectionSchema = object({
  rules: count,
  bundle: inForceSchema,
  lagBatches: count,
  lagMs: number,
  damagedBatches: {
    ...count,
    description:
      'Stored batches that detection could not read since the start; anything but 0 is a defect of the disk.',
  },
  correlations: correlationsSchema,
});
const alertsSchema = object({ open: count, acknowledged: count, closed: count });

export const statusSchema = object({
  version: text,
  startedAt: instant,
  hosts: array(ledgerSchema),
  journal: journalSchema,
  storage: storageSchema,
  detection: detectionSchema,
  alerts: alertsSchema,
});
export type StatusJson = FromSchema<typeof statusSchema>;
export type LedgerJson = FromSchema<typeof ledgerSchema>;

export function statusJson(status: CollectorStatus): StatusJson {
  const { oldestEventAt, newestEventAt, fullAt, ...storage } = status.storage;
  const iso = (at: number | null) => (at === null ? null : toIso(at));
  return {
    ...status,
    detection: { ...status.detection, bundle: inForceJson(status.detection.bundle) },
    startedAt: toIso(status.startedAt),
    storage: {
      ...storage,
      oldestEventAt: iso(oldestEventAt),
      newestEventAt: iso(newestEventAt),
      fullAt: iso(fullAt),
    },
  };
}
