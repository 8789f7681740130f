let lastMs = 0;
let withinMs = 0;

/**
 * Now, in microseconds since the Unix epoch: the unit of every instant in the product. Follows the system clock
 * (so steps of it show), to a millisecond; calls within one millisecond differ by a microsecond each.
 */
export function nowUs(): number {
  const ms = Date.now();
  withinMs = ms === lastMs ? Math.min(withinMs + 1, 999) : 0;
  lastMs = ms;
  return ms * 1000 + withinMs;
}
