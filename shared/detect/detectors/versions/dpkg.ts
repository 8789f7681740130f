/**
 * Compares versions as dpkg does (deb-version(7)): epoch, upstream version, revision; runs of digits as numbers, and
 * between them letters before other signs, `~` before everything, even the end. Negative when `a` is older.
 */
export function compareDpkg(a: string, b: string): number {
  const [epochA, upstreamA, revisionA] = split(a);
  const [epochB, upstreamB, revisionB] = split(b);
  return epochA - epochB || compareRuns(upstreamA, upstreamB) || compareRuns(revisionA, revisionB);
}

function split(version: string): readonly [epoch: number, upstream: string, revision: string] {
  const colon = version.indexOf(':');
  const epoch = colon < 0 ? 0 : Number.parseInt(version.slice(0, colon), 10) || 0;
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  // Without a revision it is the same as revision 0.
  return dash < 0 ? [epoch, rest, '0'] : [epoch, rest.slice(0, dash), rest.slice(dash + 1)];
}

function compareRuns(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i++;
      j++;
    }
    const endA = endOfDigits(a, i);
    const endB = endOfDigits(b, j);
    const order = compareDigits(a.slice(i, endA), b.slice(j, endB));
    if (order !== 0) return order;
    i = endA;
    j = endB;
  }
  return 0;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** Of a sign that is no digit; digits and the end weigh nothing. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const sign = text[at]!;
  if (sign === '~') return -1;
  return /[a-z]/i.test(sign) ? sign.charCodeAt(0) : sign.charCodeAt(0) + 256;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (at < text.length && isDigit(text, at)) at++;
  return at;
}

/** Numbers of any length. */
export function compareDigits(a: string, b: string): number {
  const plainA = a.replace(/^0+/, '');
  const plainB = b.replace(/^0+/, '');
  return plainA.length - plainB.length || (plainA < plainB ? -1 : plainA > plainB ? 1 : 0);
}
