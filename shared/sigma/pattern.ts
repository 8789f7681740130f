/** A Sigma string: literal text with `*`, `?` and what modifiers put between. */

/** `any` is `*`; `one` is `?`, one UTF-16 unit. */
export type Part =
  | string
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  /** One of these characters. */
  | { readonly kind: 'set'; readonly characters: string };

export type Pattern = readonly Part[];

export const anyPart = { kind: 'any' } as const satisfies Part;
export const onePart = { kind: 'one' } as const satisfies Part;

/**
 * Reads a value as rules write it. A backslash escapes only `*`, `?` and `\`; before anything else it is itself.
 * So `\\*` is a backslash and a wildcard, `\\\*` a backslash and a star.
 */
export function parsePattern(text: string): Pattern {
  if (!special.test(text)) return text === '' ? [] : [text];
  const parts: Part[] = [];
  let literal = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    const next = text[i + 1];
    if (c === '\\' && (next === '*' || next === '?' || next === '\\')) {
      literal += text.slice(from, i);
      from = ++i;
    } else if (c === '*' || c === '?') {
      literal += text.slice(from, i);
      if (literal !== '') parts.push(literal);
      parts.push(c === '*' ? anyPart : onePart);
      literal = '';
      from = i + 1;
    }
  }
  literal += text.slice(from);
  if (literal !== '') parts.push(literal);
  return parts;
}

/** Without any of these a text is plain. */
const special = /[*?]|\\\\/;

export function isAny(part: Part | undefined): boolean {
  return typeof part === 'object' && part.kind === 'any';
}

/** With `*` before and after where asked, runs of `*` made one, neighbouring literals joined. */
export function joinPattern(parts: Pattern, before = false, after = false): Pattern {
  const out: Part[] = before ? [anyPart] : [];
  for (const part of parts) append(out, part);
  if (after) append(out, anyPart);
  return out;
}

function append(out: Part[], part: Part): void {
  const last = out.at(-1);
  if (isAny(part) && isAny(last)) return;
  if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
  else if (part !== '') out.push(part);
}

/** The text of a pattern without wildcards; undefined when it has some. */
export function literalOf(pattern: Pattern): string | undefined {
  return pattern.every((part) => typeof part === 'string') ? pattern.join('') : undefined;
}

/** One text for equal patterns. */
export function keyOf(pattern: Pattern): string {
  return JSON.stringify(pattern);
}

/** The text that `parsePattern` reads as this pattern, which must be one that rules can write. */
export function writePattern(pattern: Pattern): string {
  return pattern
    .map((part) => {
      if (typeof part === 'string') return part.replace(/[*?]|\\(?=[\\*?]|$)/g, '\\$&');
      return part.kind === 'any' ? '*' : '?';
    })
    .join('');
}

/**
 * A pattern as plain text with live `*` and `?`: what pipelines see of a value. Backslashes are themselves, doubled
 * only where they stand before a star or question mark, and one more makes that plain.
 */
export function plainText(pattern: Pattern): string {
  return pattern
    .map((part, at) => {
      if (typeof part !== 'string') return part.kind === 'any' ? '*' : '?';
      const text = part.replace(/(\\*)([*?])/g, '$1$1\\$2');
      return at + 1 < pattern.length ? text.replace(/\\+$/, '$&$&') : text;
    })
    .join('');
}

/** The reverse of `plainText`. */
export function parsePlainText(text: string): Pattern {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(/(\\*)([*?])/g)) {
    const slashes = match[1]!.length;
    const literal = text.slice(from, match.index) + '\\'.repeat(slashes >> 1);
    if (slashes % 2 === 1) parts.push(literal + match[2]!);
    else parts.push(literal, match[2] === '*' ? anyPart : onePart);
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return joinPattern(parts);
}
