import { eventSpecs } from '../../events/registry.gen.ts';
import { columnarOf } from '../../schema/columnar.ts';
import type { ColumnarEvents, EventRow } from '../../schema/columns.ts';
import type { FieldSpec } from '../../schema/spec.ts';
import type { BatchOrigin } from '../contract.ts';
import type { Finding, Observation } from './contract.ts';

/** A finding as rules see it: an event of its own, of the host whose event brought it about. */
export interface FindingEvent {
  readonly origin: BatchOrigin;
  /** One row. */
  readonly events: ColumnarEvents;
}

const declared: Readonly<Record<string, FieldSpec>> = eventSpecs.finding.fields;
const longest = 4_096;

export function findingEvent(
  detector: string,
  { kind, entity, summary, eventIds, firstAt, lastAt, isFleet, fields }: Finding,
  seen: Observation,
  origin: BatchOrigin,
): FindingEvent {
  const { id, time } = seen;
  const row: EventRow = { type: 'finding', time };
  const set = (name: string, value: string | number | boolean | readonly string[]) => {
    row[name] = bounded(value, declared[name]?.max ?? longest);
  };
  set('finding.detector', detector);
  set('finding.kind', kind);
  set('finding.entity', entity);
  set('finding.summary', summary);
  set('finding.event_ids', eventIds.length > 0 ? eventIds : [id]);
  set('finding.first_at', firstAt);
  set('finding.last_at', lastAt);
  if (isFleet === true) set('finding.fleet', true);
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) set(name, value);
  return {
    origin: { ...origin, eventId: () => id, indexOf: () => -1 },
    events: columnarOf(eventSpecs.finding, [row]),
  };
}

function bounded(value: string | number | boolean | readonly string[], max: number) {
  if (typeof value === 'string') return value.length > max ? value.slice(0, max).toWellFormed() : value;
  return Array.isArray(value) ? value.slice(0, max) : value;
}
