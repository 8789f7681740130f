/**
 * Strings of hosts are hostile: control characters, escape codes, and characters that turn or hide text. They are
 * shown as what they are.
 */

/** Controls, format characters (bidirectional, joiners, tags), separators of lines and paragraphs; and blanks and variation selectors. */
const invisible =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\u115f|\u1160|\u3164|\uffa0|\ufe0f|\ufe0e|\p{Variation_Selector}/gu;

/** A visible stand-in for one such character: a control picture where there is one, else its code point. */
function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

export interface Piece {
  readonly text: string;
  /** Set on stand-ins: the code point they stand for. */
  readonly code?: string;
  /** Where it begins in the string. */
  readonly at: number;
}

export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(invisible)) {
    if (index > from) found.push({ text: text.slice(from, index), at: from });
    const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    found.push({ text: standIn(character), code, at: index });
    from = index + character.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), at: from });
  return found;
}

/** The same as one plain string, for titles and announcements. */
export function visibleText(text: string): string {
  return pieces(text)
    .map((piece) => piece.text)
    .join('');
}
