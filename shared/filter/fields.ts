/** Which fields a filter may name: those of the event declarations, by ECS name and by Sigma's, whatever the case. */
import { eventSpecs } from '../events/registry.gen.ts';
import { type EventSpec, type FieldSpec, type FieldType, fieldsOf } from '../schema/spec.ts';
import { fieldMapOf } from '../sigma/fields.ts';
import { timeName } from './filter.ts';

export interface KnownField {
  /** As it is declared. */
  readonly name: string;
  /** Types of the fields it stands for, over all event types. */
  readonly types: ReadonlySet<FieldType>;
  readonly doc: string;
  /** Event types that have it. */
  readonly events: readonly string[];
  /** ECS names it stands for, where it is a name of Sigma's. */
  readonly aliasOf: readonly string[];
}

/** Names that are not fields of a declaration. */
export const hostNames = ['host', 'host.name', 'host.id'];
export const typeNames = ['type', 'event.dataset'];
const timeNames = [timeName, '@timestamp'];

const all: readonly EventSpec[] = Object.values(eventSpecs);
const declared = new Map<string, ReadonlyMap<string, FieldSpec>>(
  all.map((spec) => [spec.name, new Map(Object.entries(fieldsOf(spec)))]),
);

interface Gathered {
  readonly name: string;
  readonly types: Set<FieldType>;
  readonly doc: string;
  readonly events: string[];
  readonly aliasOf: Set<string>;
}

function gatherFields(): ReadonlyMap<string, KnownField> {
  const known = new Map<string, Gathered>();
  for (const spec of all) {
    const fields = fieldsOf(spec);
    for (const [name, ecs] of fieldMapOf(spec)) {
      const { type, doc } = fields[ecs] as FieldSpec;
      const key = name.toLowerCase();
      const field = known.get(key) ?? { name, types: new Set(), doc, events: [], aliasOf: new Set() };
      field.types.add(type);
      if (!field.events.includes(spec.name)) field.events.push(spec.name);
      if (name !== ecs) field.aliasOf.add(ecs);
      known.set(key, field);
    }
  }
  const time = { name: timeName, types: new Set<FieldType>(['time']), doc: 'When it happened.' };
  for (const name of timeNames) known.set(name, { ...time, events: [], aliasOf: new Set() });
  return new Map(
    [...known].map(([key, field]) => [key, { ...field, aliasOf: [...field.aliasOf] } satisfies KnownField]),
  );
}

/** By name in lower case. */
const fieldsByName = gatherFields();

/** Every field, ECS names and Sigma's. */
export const knownFields: readonly KnownField[] = [...fieldsByName.values()];

export function fieldNamed(name: string): KnownField | undefined {
  return fieldsByName.get(name.toLowerCase());
}

/** The field of an event type that a name stands for; undefined when the type has none such. */
export function fieldIn(
  type: string,
  name: string,
): { readonly ecs: string; readonly type: FieldType } | undefined {
  const fields = declared.get(type);
  const spec = (eventSpecs as Readonly<Record<string, EventSpec>>)[type];
  if (fields === undefined || spec === undefined) return undefined;
  const ecs = fields.has(name) ? name : fieldMapOf(spec).get(name);
  const field = ecs === undefined ? undefined : fields.get(ecs);
  return ecs === undefined || field === undefined ? undefined : { ecs, type: field.type };
}

const mostNear = 3;

/** Declared names that somebody may have meant, the nearest first. */
export function namesNear(name: string, among: Iterable<string> = allNames()): readonly string[] {
  const wanted = name.toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  return [...among]
    .map((one) => ({ one, away: farness(wanted, one.toLowerCase()) }))
    .filter(({ away }) => away <= most)
    .sort((a, b) => a.away - b.away || a.one.length - b.one.length)
    .slice(0, mostNear)
    .map(({ one }) => one);
}

function* allNames(): Iterable<string> {
  yield* [...hostNames, ...typeNames];
  for (const { name } of knownFields) yield name;
}

/** How far a written name is from a known one: letters that differ, or none where it is a whole part of it. */
function farness(wanted: string, name: string): number {
  const parts = name.split('.');
  if (wanted.length >= 3 && (parts.includes(wanted) || name.endsWith(`.${wanted}`))) return 0;
  return Math.min(distance(wanted, name), distance(wanted, parts.at(-1) as string) + 1);
}

/** Letters to put in, take out, change or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > a.length) return a.length;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j] as number, (before[j - 2] as number) + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}
