/** What a text looks like with what differs from run to run left out, so that repeats of one act are the same. */

/** Shapes remembered: the same few texts come again and again. */
const remembered = 4096;
const shapes = new Map<string, string>();

/** An address stays, as it says whom an act was against. */
const address = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/;
/** Hashes, ids and tokens: eight hex digits or more with a digit among them. */
const token = /\b(?=[0-9a-f-]*\d)[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b/;
/** Process ids, times and counters. Shorter numbers are modes, signals and options. */
const number = /\d{3,}/;
const varying = new RegExp(`${address.source}|${token.source}|${number.source}`, 'gi');
const isAddress = new RegExp(`^${address.source}$`);

/** The text with `#` for each number of three digits or more and each hash; addresses and their ports stay. */
export function commandShape(text: string): string {
  const known = shapes.get(text);
  if (known !== undefined) return known;
  const shape = text.replace(varying, (found) => (isAddress.test(found) ? found : '#'));
  if (shapes.size >= remembered) shapes.clear();
  shapes.set(text, shape);
  return shape;
}
