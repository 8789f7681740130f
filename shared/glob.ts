/** Longest pattern that is taken. */
export const maxGlobLength = 128;

/**
 * Whether a name fits a pattern in which `*` is any characters and `?` one; case does not matter. Linear in the worst
 * case times the pattern: on a mismatch only the last `*` takes one more character.
 */
export function globMatches(pattern: string, name: string): boolean {
  const [p, n] = [pattern.toLowerCase(), name.toLowerCase()];
  let [at, star, mark] = [0, -1, 0];
  for (let i = 0; i < n.length; ) {
    if (p[at] === '*') {
      star = at++;
      mark = i;
    } else if (p[at] === '?' || p[at] === n[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++mark;
    } else return false;
  }
  while (p[at] === '*') at++;
  return at === p.length;
}
