/**
 * Strings of hosts are hostile: control characters, escape codes, and characters that turn or hide text. They are
 * shown as what they are.
 */

/** Controls, format characters (bidirectional, joiners, tags), separators of lines and paragraphs; and blanks and variation selectors. */
const invisible =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\u115f|\u1160|\u3164|\uffa0|\ufe0f|\ufe0e|\p{Variation_Selector}/gu;

/** ASCII's own names, in order. */
const names =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  );

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A visible stand-in that any font can show: the name where ASCII gives one, else the code point. */
function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return names[code] ?? (code === 0x7f ? 'DEL' : codePoint(character));
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
    found.push({ text: standIn(character), code: codePoint(character), at: index });
    from = index + character.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), at: from });
  return found;
}

/** The same as one plain string, for titles and announcements. */
export function visibleText(text: string): string {
  return pieces(text)
    .map((piece) => (piece.code === undefined ? piece.text : `[${piece.text}]`))
    .join('');
}
