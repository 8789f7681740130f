import { joinPattern, type Pattern, parsePattern } from '../pattern.ts';
import {
  type Draft,
  type Modifier,
  type ModifierContext,
  ModifierRefusal,
  needText,
  textDraft,
} from './modifier.ts';

/** Values one item may come to. */
export const expansionBound = 100_000;

/** A placeholder in a value, or text between. */
export type Piece = { readonly text: string } | { readonly placeholder: string };

/** Escapes, then placeholders: a backslash before `%` makes it plain, before another backslash the other is text. */
const token = /\\([\\*?%])|%([^%\s\\]+)%/g;

/** Cuts a value at its `%placeholders%`. `\%` is a plain percent sign. */
export function splitPlaceholders(raw: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let from = 0;
  for (const match of raw.matchAll(token)) {
    text += raw.slice(from, match.index);
    from = match.index + match[0].length;
    if (match[2] === undefined) text += match[1] === '%' ? '%' : match[0];
    else {
      pieces.push({ text }, { placeholder: match[2] });
      text = '';
    }
  }
  return [...pieces, { text: text + raw.slice(from) }];
}

interface Expanded {
  readonly raw: string;
  readonly pattern: Pattern;
}

/**
 * Puts each value of the named list in the place of `%name%`, every combination where there are several. Wildcards in
 * lists are live, as in rules; within a regular expression the values are text.
 */
export const expand: Modifier = {
  name: 'expand',
  first: true,
  apply: (draft, context): readonly Draft[] => {
    let all: readonly Expanded[] = [{ raw: '', pattern: [] }];
    for (const piece of splitPlaceholders(needText(draft, 'expand').raw)) {
      const values = valuesOf(piece, context);
      if (all.length * values.length > expansionBound)
        throw new ModifierRefusal(
          `the placeholders come to more than ${expansionBound} values`,
          'rule.too_large',
        );
      all = all.flatMap((one) =>
        values.map((v) => ({ raw: one.raw + v.raw, pattern: [...one.pattern, ...v.pattern] })),
      );
    }
    return all.map(({ raw, pattern }) => textDraft(raw, joinPattern(pattern)));
  },
};

function valuesOf(piece: Piece, { list, isRegex }: ModifierContext): readonly Expanded[] {
  if ('text' in piece) return [{ raw: piece.text, pattern: parsePattern(piece.text) }];
  const values = list(piece.placeholder) ?? [];
  if (values.length === 0)
    throw new ModifierRefusal(
      `the placeholder \`%${piece.placeholder}%\` has no values`,
      'rule.placeholder_unresolved',
    );
  return values.map((value) => ({
    raw: isRegex ? RegExp.escape(value) : value,
    pattern: parsePattern(value),
  }));
}
