import fc from 'fast-check';
import { type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, type FieldSpec, fieldsOf } from '#shared/schema/spec.ts';
import { checkEvent } from '#shared/schema/validate.ts';

const max = 2 ** 52;

function valuesOf(field: FieldSpec): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'int':
    case 'time':
      return fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: -max, max }));
    case 'float':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'bool':
      return fc.boolean();
    case 'hash':
      return fc.uint8Array({ minLength: 1, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex'));
    case 'keywords':
      return fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { maxLength: 4 });
    default:
      if (field.values !== undefined) return fc.constantFrom(...field.values);
      return fc.oneof(fc.constantFrom('', 'a', 'bash'), fc.string({ unit: 'binary', maxLength: 40 }));
  }
}

/** Valid events of one type, as `checkEvent` gives them. */
export function eventOf(type: EventType): fc.Arbitrary<EventRow> {
  const spec: EventSpec = eventSpecs[type];
  const fields = fieldsOf(spec);
  const required = Object.keys(fields).filter((name) => fields[name]?.required === true);
  const model = Object.fromEntries(Object.entries(fields).map(([name, f]) => [name, valuesOf(f)]));
  return fc
    .record(
      { time: fc.integer({ min: 0, max }), ...model },
      { requiredKeys: ['time', ...required] as never[] },
    )
    .map((raw) => {
      const checked = checkEvent(spec, raw);
      if (!checked.ok) throw checked.error;
      return checked.value;
    });
}
