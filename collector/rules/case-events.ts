import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { ColumnarEvents, EventRow } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import type { CaseEvent } from './case-file.ts';
import { columnarOf } from './columnar.ts';

/** When cases begin: an instant that any window divides; microseconds. */
export const caseStartAt = 1_800_000_000_000_000;

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** An event of a case as detection takes it. */
export function columnsOfEvent({ type, at, fields }: CaseEvent): ColumnarEvents {
  const row = { ...fields, type, time: caseStartAt + Math.round(at * 1e6) } as EventRow;
  return columnarOf(specs[type] as EventSpec, [row]);
}
