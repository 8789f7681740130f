/**
 * JSON Schema as the resources use it, and the TypeScript type each schema stands for. One declaration validates
 * input, serialises output, documents both in OpenAPI and types the handler.
 */
type Name = 'string' | 'number' | 'integer' | 'boolean' | 'null';

interface Described {
  readonly description?: string;
}
export interface Scalar extends Described {
  readonly type: Name | readonly Name[];
  readonly enum?: readonly (string | null)[];
  readonly format?: 'date-time';
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: string | number | boolean;
}
export interface List<I extends Schema = Schema> extends Described {
  readonly type: 'array';
  readonly items: I;
  readonly minItems?: number;
  readonly maxItems?: number;
}
export type Properties = Readonly<Record<string, Schema>>;
export interface Fields<R extends Properties = Properties, O extends Properties = Properties>
  extends Described {
  readonly type: 'object';
  readonly properties: R & O;
  readonly required: readonly (keyof R & string)[];
  readonly additionalProperties: false;
}
/** Any keys, all with values of one schema. */
export interface Dictionary<V extends Schema | true = Schema | true> extends Described {
  readonly type: 'object';
  readonly additionalProperties: V;
}
export interface Nullable<S extends Schema = Schema> extends Described {
  readonly anyOf: readonly [S, { readonly type: 'null' }];
}
// biome-ignore lint/suspicious/noExplicitAny: a constraint over every instantiation; `unknown` is not one here.
export type Schema = Scalar | List<any> | Fields<any, any> | Dictionary<any> | Nullable<any>;

interface Primitives {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  null: null;
}
/** The type of the values a schema accepts. Matched by shape, which is far cheaper to infer than by interface. */
export type FromSchema<S> = S extends { anyOf: readonly [infer N, unknown] }
  ? FromSchema<N> | null
  : S extends { enum: readonly (infer E)[] }
    ? E
    : S extends { items: infer I }
      ? readonly FromSchema<I>[]
      : S extends { properties: infer P; required: readonly (infer K)[] }
        ? { readonly [F in keyof P as F extends K ? F : never]: FromSchema<P[F]> } & {
            readonly [F in keyof P as F extends K ? never : F]?: FromSchema<P[F]>;
          }
        : S extends { additionalProperties: infer V }
          ? Readonly<Record<string, V extends true ? unknown : FromSchema<V>>>
          : S extends { type: infer T extends Name }
            ? Primitives[T]
            : S extends { type: readonly (infer T extends Name)[] }
              ? Primitives[T]
              : never;

type None = Readonly<Record<never, never>>;

/** An object of exactly these properties. Overloaded, because a nested call would take `O` from its surroundings. */
export function object<const R extends Properties>(required: R): Fields<R, None>;
export function object<const R extends Properties, const O extends Properties>(
  required: R,
  optional: O,
): Fields<R, O>;
export function object(required: Properties, optional: Properties = {}): Fields {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

export function array<const I extends Schema>(items: I, description?: string): List<I> {
  return { type: 'array', items, ...(description !== undefined && { description }) };
}

export function dictionary<const V extends Schema>(values: V, description?: string): Dictionary<V> {
  return { type: 'object', additionalProperties: values, ...(description !== undefined && { description }) };
}

export function nullable<const S extends Schema>(schema: S): Nullable<S> {
  return { anyOf: [schema, { type: 'null' }] };
}

export function oneOf<const E extends string>(values: readonly E[], description?: string) {
  return {
    type: 'string',
    enum: values,
    ...(description !== undefined && { description }),
  } as const satisfies Scalar;
}

export const text = { type: 'string' } as const satisfies Scalar;
export const count = { type: 'integer', minimum: 0 } as const satisfies Scalar;
export const instant = {
  type: 'string',
  format: 'date-time',
  description: 'UTC, to the microsecond.',
} as const satisfies Scalar;
