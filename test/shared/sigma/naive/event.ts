/** Events and rules as plain data, as a JSON or YAML reader gives them. */
export type Scalar = string | number | boolean | null;
export type EventValue = Scalar | readonly Scalar[];

/** By dotted name. */
export type NaiveEvent = Readonly<Record<string, EventValue>>;

/** What stands under `detection`. */
export type Detection = Readonly<Record<string, unknown>>;

/** The values of a field as text; none when it is absent, null or an empty list. */
export function textsOf(event: NaiveEvent, field: string): readonly string[] {
  const name = field.split(' ').join('');
  return Object.hasOwn(event, name) ? textsOfValue(event[name] as EventValue) : [];
}

/** Whether the event has the field, be it null or an empty list. */
export function isThere(event: NaiveEvent, field: string): boolean {
  return Object.hasOwn(event, field.split(' ').join(''));
}

/** Every text of the event: what keywords are looked for in. Numbers and booleans are no texts. */
export function allTexts(event: NaiveEvent): readonly string[] {
  return Object.values(event)
    .filter((value) => typeof value === 'string' || Array.isArray(value))
    .flatMap(textsOfValue);
}

function textsOfValue(value: EventValue): readonly string[] {
  const list: readonly Scalar[] = Array.isArray(value) ? value : [value as Scalar];
  return list.filter((one) => one !== null).map(String);
}
