import { VedetteError } from '#shared/errors.ts';

/** Where a page of a list ends: an instant and an id, so that what arrives meanwhile moves nothing. */
export interface Place {
  readonly at: number;
  readonly id: string;
}

export function encodePlace({ at, id }: Place): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/** Throws `store.cursor_invalid`. */
export function decodePlace(cursor: string): Place {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof at === 'number' && typeof id === 'string') return { at, id };
  } catch {}
  throw new VedetteError('store.cursor_invalid', 'The cursor is not one this list gave.');
}
