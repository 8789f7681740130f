/** Conditions, by taking the text apart at the operator that binds loosest. */
export type Named<T> = ReadonlyMap<string, T>;
type Tester<E> = (event: E) => boolean;

export function conditionTester<E>(text: string, searches: Named<Tester<E>>): Tester<E> {
  return tokensTester(text.match(/[()]|[^\s()]+/g) ?? [], searches);
}

function tokensTester<E>(tokens: readonly string[], searches: Named<Tester<E>>): Tester<E> {
  for (const word of ['or', 'and'] as const) {
    const parts = splitAt(tokens, word);
    if (parts.length === 1) continue;
    const tests = parts.map((part) => tokensTester(part, searches));
    if (word === 'or') return (event) => tests.some((holds) => holds(event));
    return (event) => tests.every((holds) => holds(event));
  }
  const [first = '', second = '', third = ''] = tokens;
  if (first.toLowerCase() === 'not') {
    const inner = tokensTester(tokens.slice(1), searches);
    return (event) => !inner(event);
  }
  if (first === '(' && tokens.at(-1) === ')') return tokensTester(tokens.slice(1, -1), searches);
  if (second.toLowerCase() === 'of') return amountTester(first.toLowerCase(), third, searches);
  const search = searches.get(first);
  if (search === undefined || tokens.length > 1) throw new Error(`not a condition: ${tokens.join(' ')}`);
  return search;
}

/** At a word outside all parentheses. */
function splitAt(tokens: readonly string[], word: string): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (depth === 0 && token.toLowerCase() === word) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}

function amountTester<E>(amount: string, pattern: string, searches: Named<Tester<E>>): Tester<E> {
  const tests = [...searches].filter(([name]) => isMeant(name, pattern)).map(([, holds]) => holds);
  const least = amount === 'all' ? tests.length : amount === 'any' ? 1 : Number(amount);
  return (event) => tests.filter((holds) => holds(event)).length >= least;
}

/** Names that begin with an underscore are meant only when the pattern says so. */
function isMeant(name: string, pattern: string): boolean {
  if (pattern.toLowerCase() === 'them') return !name.startsWith('_');
  if (!pattern.includes('*')) return name === pattern;
  return (!name.startsWith('_') || pattern.startsWith('_')) && isLike(name, pattern);
}

function isLike(name: string, pattern: string): boolean {
  if (pattern === '') return name === '';
  if (pattern.startsWith('*'))
    return isLike(name, pattern.slice(1)) || (name !== '' && isLike(name.slice(1), pattern));
  return name.charAt(0) === pattern.charAt(0) && name !== '' && isLike(name.slice(1), pattern.slice(1));
}
