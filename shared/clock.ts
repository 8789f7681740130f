/** Now, in microseconds since the Unix epoch, which is the unit of every instant in the product; to the millisecond. */
export function nowUs(): number {
  return Date.now() * 1000;
}
