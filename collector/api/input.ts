/** Reading of query parameters whose form JSON Schema cannot say. */
import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import type { FieldTest } from '../store/contract.ts';
import { fromIso } from './instants.ts';

const invalid = (detail: string) => new VedetteError('api.invalid', detail);

const knownFields = new Set(Object.values<EventSpec>(eventSpecs).flatMap((s) => Object.keys(fieldsOf(s))));

/** Microseconds of an ISO 8601 instant. */
export function readInstant(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const at = fromIso(value);
  if (at === undefined) throw invalid(`${name} is not an instant like 2026-01-31T12:00:00Z.`);
  return at;
}

export function readTypes(types: readonly string[]): readonly string[] {
  const unknown = types.find((type) => !Object.hasOwn(eventSpecs, type));
  if (unknown === undefined) return types;
  throw new VedetteError('event.unknown_type', `There is no event type ${unknown}.`);
}

/** `field:eq:value`, `field:ne:value`, `field:contains:value` or `field:exists`; the value may hold colons. */
export function readFieldTest(where: string): FieldTest {
  const [, field = '', op = '', , value] = /^([^:]+):([^:]+)(:(.*))?$/su.exec(where) ?? [];
  if (field !== '' && !knownFields.has(field)) throw invalid(`No event type has a field ${field}.`);
  if (op === 'exists' && value === undefined) return { field, op };
  if ((op === 'eq' || op === 'ne' || op === 'contains') && value !== undefined) return { field, op, value };
  throw invalid(
    `where is field:eq:value, field:ne:value, field:contains:value or field:exists, not ${where}.`,
  );
}
