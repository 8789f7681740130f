import { object } from '../schema.ts';

/** Body of operations that ask why. */
export const reasonBody = object({}, { reason: { type: 'string', minLength: 1, maxLength: 512 } });
