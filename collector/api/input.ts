/** Reading of query parameters whose form JSON Schema cannot say. */
import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { Filter } from '#shared/filter/filter.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import { problemError, Refusal } from '#shared/filter/problem.ts';
import { fieldContains, fieldEquals, fieldExists } from '#shared/filter/simple.ts';
import { fromIso } from './instants.ts';

const invalid = (detail: string) => new VedetteError('api.invalid', detail);

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

/** A filter as people write it. Throws `filter.*`. */
export function readFilter(text: string | undefined): Filter | undefined {
  if (text === undefined) return undefined;
  const parsed = parseFilter(text);
  if (!parsed.ok) throw problemError(parsed.problem);
  return parsed.value;
}

/** `field:eq:value`, `field:ne:value`, `field:contains:value` or `field:exists`; the value may hold colons. */
export function readFieldTest(where: string): Filter {
  const [, field = '', op = '', , value] = /^([^:]+):([^:]+)(:(.*))?$/su.exec(where) ?? [];
  const filter = fieldTest(where, field, op, value);
  if (filter === undefined) throw invalid(`No event type has a field ${field}.`);
  return filter;
}

function fieldTest(where: string, field: string, op: string, value: string | undefined): Filter | undefined {
  if (op === 'exists' && value === undefined) return fieldExists(field);
  if (op === 'contains' && value !== undefined) return fieldContains(field, value);
  if ((op === 'eq' || op === 'ne') && value !== undefined) {
    const equals = equalsOrRefused(field, value);
    return equals === undefined || op === 'eq' ? equals : { kind: 'not', of: equals };
  }
  throw invalid(
    `where is field:eq:value, field:ne:value, field:contains:value or field:exists, not ${where}.`,
  );
}

function equalsOrRefused(field: string, value: string): Filter | undefined {
  try {
    return fieldEquals(field, value);
  } catch (error) {
    throw error instanceof Refusal ? invalid(error.message) : error;
  }
}
