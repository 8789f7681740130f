import type { Modifier } from './modifier.ts';

/** Every value must hold instead of any. */
export const all: Modifier = {
  name: 'all',
  mark: (flags) => {
    flags.all = true;
  },
};

/** Case matters. */
export const cased: Modifier = {
  name: 'cased',
  mark: (flags) => {
    flags.cased = true;
  },
};

/** The field is present and none of the values holds. */
export const neq: Modifier = {
  name: 'neq',
  mark: (flags) => {
    flags.neq = true;
  },
};
