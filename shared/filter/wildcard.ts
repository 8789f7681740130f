import { literalOf, type Pattern } from '../sigma/pattern.ts';
import { compileGlob } from '../sigma/value-tests/glob.ts';

const hasAstral = /[\ud800-\udfff]/;

/** Whether a whole folded text fits a folded pattern; `?` is one character, also one of two UTF-16 units. */
export function wildcardTest(pattern: Pattern): (folded: string) => boolean {
  const literal = literalOf(pattern);
  if (literal !== undefined) return (text) => text === literal;
  const glob = compileGlob(pattern);
  if (pattern.every((part) => typeof part === 'string' || part.kind !== 'one')) return glob;
  const signs = signsOf(pattern);
  return (text) => (hasAstral.test(text) ? fits(signs, [...text]) : glob(text));
}

type Sign = string | null | undefined;

/** Characters of the pattern; null is any one, undefined any number. */
function signsOf(pattern: Pattern): readonly Sign[] {
  return pattern.flatMap((part): readonly Sign[] => {
    if (typeof part === 'string') return [...part];
    return part.kind === 'any' ? [undefined] : [null];
  });
}

/** On a mismatch only the last star takes one more character: at most text × pattern steps. */
function fits(signs: readonly Sign[], text: readonly string[]): boolean {
  let [at, star, mark] = [0, -1, 0];
  for (let i = 0; i < text.length; ) {
    const sign = signs[at];
    if (at < signs.length && sign === undefined) {
      star = at++;
      mark = i;
    } else if (at < signs.length && (sign === null || sign === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++mark;
    } else return false;
  }
  while (at < signs.length && signs[at] === undefined) at++;
  return at === signs.length;
}
