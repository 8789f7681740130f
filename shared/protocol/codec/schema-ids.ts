import { type EventType, eventSpecs } from '../../events/registry.gen.ts';
import lock from '../../events/schema.lock.json' with { type: 'json' };
import { type EventSpec, type FieldType, fieldsOf } from '../../schema/spec.ts';

/** Numbers that stand for types and fields on the wire, from the lock file; they never change meaning. */
export interface FieldId {
  readonly id: number;
  readonly name: string;
  readonly type: FieldType;
}
export interface TypeId {
  readonly id: number;
  readonly spec: EventSpec;
  readonly fields: readonly FieldId[];
  readonly fieldsById: ReadonlyMap<number, FieldId>;
}

function load(): Map<string, TypeId> {
  const locked = lock as Record<string, { id: number; fields: Record<string, { id: number }> }>;
  const types = new Map<string, TypeId>();
  for (const [name, spec] of Object.entries(eventSpecs) as [string, EventSpec][]) {
    const entry = locked[name];
    if (entry === undefined) throw new Error(`schema.lock.json lacks ${name}: run npm run generate`);
    const fields = Object.entries(fieldsOf(spec)).map(([field, { type }]) => {
      const id = entry.fields[field]?.id;
      if (id === undefined) throw new Error(`schema.lock.json lacks ${name} ${field}: run npm run generate`);
      return { id, name: field, type };
    });
    types.set(name, { id: entry.id, spec, fields, fieldsById: new Map(fields.map((f) => [f.id, f])) });
  }
  return types;
}

export const typesByName: ReadonlyMap<string, TypeId> = load();
export const typesById: ReadonlyMap<number, TypeId> = new Map(
  [...typesByName.values()].map((t) => [t.id, t]),
);

export function specOf(type: EventType): EventSpec {
  return eventSpecs[type];
}
