/** Pieces of SQL text as DuckDB's parser sees them, far enough to tell names from everything else. */
export type TokenKind =
  | 'space'
  | 'comment'
  | 'string'
  | 'quoted'
  | 'word'
  | 'number'
  | 'parameter'
  | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset of its first UTF-16 unit. */
  readonly start: number;
}

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /--[^\n\r]*/y],
  ['string', /[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y],
  ['string', /'(?:[^']|'')*(?:'|$)/y],
  ['quoted', /"(?:[^"]|"")*(?:"|$)/y],
  ['parameter', /\$(?:\d+|[A-Za-z_][A-Za-z0-9_]*)/y],
  ['word', /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y],
  ['number', /\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/y],
];
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

/** Block comments nest. Gives the offset after it; the end of the text when it is not closed. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let i = start; i < sql.length; i++) {
    const two = sql.slice(i, i + 2);
    if (two === '/*') depth++;
    else if (two === '*/') depth--;
    else continue;
    i++;
    if (depth === 0) return i + 1;
  }
  return sql.length;
}

function endOfDollarQuote(sql: string, start: number): number | undefined {
  dollarQuote.lastIndex = start;
  const tag = dollarQuote.exec(sql)?.[0];
  if (tag === undefined) return undefined;
  const close = sql.indexOf(tag, start + tag.length);
  return close < 0 ? sql.length : close + tag.length;
}

function tokenAt(sql: string, start: number): Token {
  const token = (kind: TokenKind, end: number): Token => ({ kind, text: sql.slice(start, end), start });
  if (sql.startsWith('/*', start)) return token('comment', endOfComment(sql, start));
  if (sql[start] === '$') {
    const end = endOfDollarQuote(sql, start);
    if (end !== undefined) return token('string', end);
  }
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start;
    const match = pattern.exec(sql);
    if (match !== null) return token(kind, start + match[0].length);
  }
  return token('symbol', start + 1);
}

/** All pieces, in order: their texts put together are the text. What is not closed reaches to the end. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const token = tokenAt(sql, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}
