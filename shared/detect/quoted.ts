/** Characters of a value quoted in a reason. */
const quoteLength = 160;

/** A value on one line, cut where it is long. */
export function quoted(value: string): string {
  const line = value.replace(/\s+/g, ' ');
  return line.length > quoteLength ? `${line.slice(0, quoteLength).toWellFormed()}…` : line;
}
