/**
 * The form of an event declaration. A declaration holds facts only; everything else (TypeScript type,
 * validation, codec, Sigma field map, reference docs) is derived from it.
 */

/**
 * - `keyword` short string, `text` long string, `ip` IPv4 or IPv6 in canonical text, `hash` lower-case hex
 * - `keywords` list of short strings
 * - `int` integer within ±2^52, `float` any finite number, `bool`
 * - `time` microseconds since the Unix epoch, an integer
 */
export type FieldType = 'keyword' | 'text' | 'ip' | 'hash' | 'keywords' | 'int' | 'float' | 'bool' | 'time';

export interface FieldSpec {
  readonly type: FieldType;
  readonly doc: string;
  /** Present in every event of the type. Only fields of the first release may be required. */
  readonly required?: true;
  /** Longest string in UTF-16 units, or most entries for `keywords`. Longer values are cut and named in `event.truncated`. */
  readonly max?: number;
  /** Looked up by exact value often enough to deserve an index in stores. */
  readonly indexed?: true;
  /** The names Sigma rules use for this field. */
  readonly sigma?: readonly string[];
  /** The only values a `keyword` may hold. */
  readonly values?: readonly string[];
}

export interface Logsource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
}

/** What goes first, and is given up last when room runs out. */
export const priorities = ['alert', 'high', 'normal'] as const;
export type Priority = (typeof priorities)[number];

export interface EventSpec {
  /** Dotted name, the `type` of the event and the name of its file with dashes. */
  readonly name: string;
  readonly doc: string;
  /** What Sigma rules say in `logsource`. `product` comes from the host's operating system when absent. */
  readonly logsource: Logsource;
  /** Where each event says itself which services' records it holds: a field, and the services it may name. */
  readonly services?: { readonly field: string; readonly names: readonly string[] };
  readonly priority: Priority;
  /** By ECS name. */
  readonly fields: Readonly<Record<string, FieldSpec>>;
}

/** Fields every event type has besides `type` and `time`. */
export const commonFields = {
  'event.baseline': {
    type: 'bool',
    doc: 'True when the thing was already there at the first look of the sensor, so its time is not when it happened.',
  },
  'event.provider': {
    type: 'keyword',
    max: 64,
    doc: 'What told of it where a sensor has several sources: tracefs, procfs, pcap, inotify, auditd and so on.',
  },
  'event.truncated': {
    type: 'keywords',
    doc: 'Names of the fields that were longer than their bound and were cut.',
    max: 64,
  },
} as const satisfies Record<string, FieldSpec>;

/** Bounds where a declaration gives none. */
export const defaultMax: Readonly<Record<'keyword' | 'text' | 'ip' | 'hash' | 'keywords', number>> = {
  keyword: 1024,
  text: 32_768,
  ip: 45,
  hash: 128,
  keywords: 256,
};

type Common = typeof commonFields;
type StringOf<F extends FieldSpec> = F['values'] extends readonly (infer V)[] ? V : string;
type ValueOf<F extends FieldSpec> = F['type'] extends 'keyword' | 'text' | 'ip' | 'hash'
  ? StringOf<F>
  : F['type'] extends 'keywords'
    ? readonly string[]
    : F['type'] extends 'bool'
      ? boolean
      : number;
type Required_<F extends Readonly<Record<string, FieldSpec>>> = {
  [K in keyof F as F[K]['required'] extends true ? K : never]: ValueOf<F[K]>;
};
type Optional_<F extends Readonly<Record<string, FieldSpec>>> = {
  [K in keyof F as F[K]['required'] extends true ? never : K]?: ValueOf<F[K]> | undefined;
};

/** The TypeScript type of an event of declaration `S`: flat, keyed by ECS names. */
export type EventOf<S extends EventSpec> = { type: S['name']; time: number } & Required_<S['fields']> &
  Optional_<S['fields']> &
  Optional_<Common>;

/** Keeps the literal types of a declaration. */
export function defineEvent<const S extends EventSpec>(spec: S): S {
  return spec;
}

/** All fields of a declaration, common ones last. */
export function fieldsOf(spec: EventSpec): Readonly<Record<string, FieldSpec>> {
  return { ...spec.fields, ...commonFields };
}
