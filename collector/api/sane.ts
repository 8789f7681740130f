import { VedetteError } from '#shared/errors.ts';

/** Objects and lists in one another. */
const maxDepth = 64;

/**
 * Refuses what schemas let pass: numbers beyond what a double holds, which escape their bounds, and nesting that would
 * take the stack of whoever goes through it. Throws `api.invalid`.
 */
export function refuseInsane(given: unknown): void {
  const waiting: (readonly [value: unknown, depth: number])[] = [[given, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next;
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new VedetteError('api.invalid', 'A number is beyond all bounds.');
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) continue;
    if (depth === maxDepth)
      throw new VedetteError('api.invalid', `More than ${maxDepth} levels are in one another.`);
    for (const one of Object.values(value)) waiting.push([one, depth + 1]);
  }
}
