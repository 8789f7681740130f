import { type Token, tokensOf } from './lexer.ts';

/** SQL whose dotted names of fields and types are quoted, and the way back to where its writer wrote what. */
export interface QuotedSql {
  readonly sql: string;
  /** Offset in what was written of an offset in `sql`; both in UTF-16 units. */
  written(offset: number): number;
}

/** Segments of a dotted name that were written without spaces, and whether a call's parenthesis follows. */
interface Chain {
  readonly segments: readonly Token[];
  readonly isCall: boolean;
}

function chainAt(tokens: readonly Token[], start: number): Chain {
  const segments = [tokens[start] as Token];
  let i = start + 1;
  while (tokens[i]?.text === '.') {
    const next = tokens[i + 1];
    if (next?.kind !== 'word' && next?.kind !== 'quoted') break;
    segments.push(next);
    i += 2;
  }
  return { segments, isCall: tokens[i]?.text === '(' };
}

/** How many segments from `first` on make the longest known name of at least two; 0 when none do. */
function knownLength({ segments, isCall }: Chain, first: number, known: ReadonlyMap<string, string>): number {
  const end = isCall ? segments.length - 1 : segments.length;
  for (let last = end; last >= first + 2; last--) {
    const part = segments.slice(first, last);
    if (part.every(({ kind }) => kind === 'word') && known.has(nameOf(part))) return last - first;
  }
  return 0;
}

const nameOf = (part: readonly Token[]) =>
  part
    .map(({ text }) => text)
    .join('.')
    .toLowerCase();

/**
 * Quotes dotted names that `known` holds (by their lower-case form, with the proper one), also behind an alias and
 * before a method: `p.process.name.upper()` becomes `p."process.name".upper()`. Everything else stays as it was.
 */
export function quoteNames(sql: string, known: ReadonlyMap<string, string>): QuotedSql {
  const tokens = tokensOf(sql);
  const quotes: number[] = [];
  let out = '';
  const quote = () => {
    quotes.push(out.length);
    out += '"';
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.kind !== 'word' && token.kind !== 'quoted') {
      out += token.text;
      continue;
    }
    const chain = chainAt(tokens, i);
    for (let at = 0; at < chain.segments.length; ) {
      if (at > 0) out += '.';
      const length = knownLength(chain, at, known);
      if (length === 0) {
        out += (chain.segments[at] as Token).text;
        at++;
      } else {
        quote();
        out += known.get(nameOf(chain.segments.slice(at, at + length)));
        quote();
        at += length;
      }
    }
    i += 2 * (chain.segments.length - 1);
  }
  return { sql: out, written: (offset) => offset - quotes.filter((at) => at < offset).length };
}
