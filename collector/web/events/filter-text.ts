/** Pieces of filters as a click writes them. */

const word = /^[\p{L}\p{N}_./:@%+-]+$/u;
const keyword = /^(?:and|or|not|to)$/i;

/** A value as a filter takes it, whatever is in it: nothing of it is a wildcard. */
export function filterValue(value: string): string {
  if (word.test(value) && !keyword.test(value)) return value;
  return `"${value.replace(/["\\*?]/g, '\\$&')}"`;
}

export function fieldTest(field: string, value: unknown): string {
  const one = (item: unknown) => filterValue(String(item));
  return `${field}:${Array.isArray(value) ? `(${value.map(one).join(', ')})` : one(value)}`;
}

/** The filter and this test as well. */
export function withTest(filter: string, test: string): string {
  const before = filter.trim();
  if (before === '') return test;
  // `and` binds tighter than `or`.
  return /\bor\b/i.test(before) ? `(${before}) ${test}` : `${before} ${test}`;
}
