/** Now, in microseconds since the Unix epoch, to the millisecond. */
export function nowUs(): number {
  return Date.now() * 1000;
}
