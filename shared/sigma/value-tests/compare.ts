import type { Test } from './test.ts';

export const comparisons = {
  eq: (a: number, b: number) => a === b,
  lt: (a: number, b: number) => a < b,
  lte: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  gte: (a: number, b: number) => a >= b,
} as const;
export type Comparison = keyof typeof comparisons;

/** Compares as numbers; a value that is no number fails. */
export function compareTest(how: Comparison, bound: number): Test {
  const compare = comparisons[how];
  return {
    key: `${how} ${bound}`,
    hint: { by: 'scan' },
    holds: ({ text: value }) => {
      const number = value.trim() === '' ? Number.NaN : Number(value);
      return !Number.isNaN(number) && compare(number, bound);
    },
  };
}
