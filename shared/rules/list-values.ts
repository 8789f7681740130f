/** Bounds on one list file. */
export const listBounds = { sizeBytes: 8 << 20, values: 100_000 } as const;

/** Values of a list, one a line; blank lines and those that begin with `#` left out. A word on why there are none. */
export function listValues(text: string): readonly string[] | string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const values = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return values.length > listBounds.values ? `The list has more than ${listBounds.values} values.` : values;
}
