/** Sigma strings, one token a character. */
export type Token =
  | { readonly is: 'character'; readonly character: string }
  /** `*` */
  | { readonly is: 'run' }
  /** `?` */
  | { readonly is: 'one' }
  /** A dash under `windash`. */
  | { readonly is: 'dash' };

export const run: Token = { is: 'run' };
export const dashes = '-/\u2013\u2014\u2015';

export function plain(text: string): readonly Token[] {
  return text.split('').map((character) => ({ is: 'character', character }));
}

/** A value as written: a backslash makes a following `*`, `?` or backslash plain, and is itself otherwise. */
export function readText(text: string): readonly Token[] {
  return (text.match(/\\[*?\\]|[\s\S]/g) ?? []).map((unit): Token => {
    if (unit === '*') return run;
    return unit === '?' ? { is: 'one' } : { is: 'character', character: unit.slice(-1) };
  });
}

/** The text, when there is nothing but characters. */
export function wordOf(tokens: readonly Token[]): string | undefined {
  return tokens.every((t) => t.is === 'character') ? tokens.map((t) => t.character).join('') : undefined;
}

/** Both sides of a comparison that does not heed case. */
export function lower(text: string): string {
  return text.toLowerCase().split('ς').join('σ');
}

/** Whether the whole text is of the form. */
export function textTester(tokens: readonly Token[], cased: boolean): (text: string) => boolean {
  const form = cased ? tokens : lowerTokens(tokens);
  const seen = cased ? (text: string) => text : lower;
  const word = wordOf(form);
  if (word !== undefined) return (text) => seen(text) === word;
  const inner = wordOf(form.slice(1, -1));
  if (form.length > 1 && form[0]!.is === 'run' && form.at(-1)!.is === 'run' && inner !== undefined)
    return (text) => seen(text).includes(inner);
  return (text) => fits(form, seen(text));
}

/** Neighbouring characters are taken together: case may hang on the whole (pairs of surrogates). */
function lowerTokens(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findIndex((t) => t.is !== 'character');
  const word = lower(wordOf(at < 0 ? tokens : tokens.slice(0, at))!);
  return at < 0 ? plain(word) : [...plain(word), tokens[at]!, ...lowerTokens(tokens.slice(at + 1))];
}

/**
 * By the places of the form that can be reached after each character of the text: at most the text's length times
 * the form's.
 */
function fits(form: readonly Token[], text: string): boolean {
  let reached = new Set(afterRuns(form, 0));
  for (const character of text.split('')) {
    const next = new Set<number>();
    for (const place of reached) {
      const token = form[place];
      if (token === undefined) continue;
      if (token.is === 'run') next.add(place).add(place + 1);
      else if (takes(token, character)) for (const to of afterRuns(form, place + 1)) next.add(to);
    }
    reached = next;
  }
  return reached.has(form.length);
}

/** A run may be empty, so what is reached goes on past it. */
function afterRuns(form: readonly Token[], place: number): readonly number[] {
  return form[place]?.is === 'run' ? [place, ...afterRuns(form, place + 1)] : [place];
}

function takes(token: Token, character: string): boolean {
  if (token.is === 'character') return token.character === character;
  return token.is === 'one' || (token.is === 'dash' && dashes.includes(character));
}
