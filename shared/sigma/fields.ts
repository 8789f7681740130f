import { type EventSpec, fieldsOf } from '../schema/spec.ts';

/** Field names compare with spaces removed. */
export function fieldKey(name: string): string {
  return name.replaceAll(' ', '');
}

/** Rule field names (ECS and Sigma's) to ECS names, for one event type. */
export type FieldMap = ReadonlyMap<string, string>;

const maps = new WeakMap<EventSpec, FieldMap>();

/** The field map of an event declaration. ECS names win over aliases, the first declared alias over later ones. */
export function fieldMapOf(spec: EventSpec): FieldMap {
  const known = maps.get(spec);
  if (known !== undefined) return known;
  const map = new Map<string, string>();
  const fields = Object.entries(fieldsOf(spec));
  for (const [ecs] of fields) map.set(fieldKey(ecs), ecs);
  for (const [ecs, { sigma }] of fields) {
    for (const alias of sigma ?? []) {
      if (!map.has(fieldKey(alias))) map.set(fieldKey(alias), ecs);
    }
  }
  maps.set(spec, map);
  return map;
}
