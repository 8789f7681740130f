/**
 * Calls a function of the file system whose failure is normal: an entry of /proc that is gone, a pipe that is empty.
 * Without its stack such an exception costs a fifth. Rethrows what the function throws.
 */
export function withoutStack<T>(call: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return call();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
