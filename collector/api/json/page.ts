import { array, nullable, object, type Schema, text } from '../schema.ts';

/** A page of a list: pass `next` as `cursor` for what follows. */
export function pageSchema<const I extends Schema>(items: I) {
  return object({ items: array(items), next: nullable(text) });
}

export const cursor = {
  type: 'string',
  maxLength: 1024,
  description: 'The `next` of the page before.',
} as const;

export function limit<const D extends number>(most: number, usual: D) {
  return { type: 'integer', minimum: 1, maximum: most, default: usual } as const;
}
