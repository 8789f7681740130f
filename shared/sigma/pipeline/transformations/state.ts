import type { Transformation } from './transformation.ts';

/** Remembers a value for `processing_state`, for the rest of this rule's way. */
export const setState: Transformation = {
  type: 'set_state',
  read: (parameters) => {
    const key = parameters.text('key');
    const value = parameters.scalar('val');
    return ({ state }) => void state.set(key, value);
  },
};
