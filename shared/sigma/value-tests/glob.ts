import { isAny, type Part, type Pattern } from '../pattern.ts';

/** The parts between two `*`. Each takes a fixed number of UTF-16 units. */
interface Chunk {
  readonly parts: Pattern;
  readonly length: number;
}

/**
 * Compiles a pattern to a function over whole values. Takes the leftmost place for each piece between stars, which
 * suffices and needs no going back further than one piece: at most value length × pattern length steps.
 */
export function compileGlob(pattern: Pattern): (value: string) => boolean {
  const chunks: Chunk[] = splitAtStars(pattern).map((parts) => ({ parts, length: lengthOf(parts) }));
  const first = chunks[0]!;
  const last = chunks.at(-1)!;
  if (chunks.length === 1) return (value) => value.length === first.length && fits(first, value, 0);
  const middle = chunks.slice(1, -1);
  const shortest = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return (value) => {
    if (value.length < shortest || !fits(first, value, 0)) return false;
    const end = value.length - last.length;
    if (!fits(last, value, end)) return false;
    let from = first.length;
    for (const chunk of middle) {
      const at = find(chunk, value, from, end);
      if (at < 0) return false;
      from = at + chunk.length;
    }
    return from <= end;
  };
}

function splitAtStars(pattern: Pattern): Pattern[] {
  const pieces: Part[][] = [[]];
  for (const part of pattern) {
    if (isAny(part)) pieces.push([]);
    else pieces.at(-1)!.push(part);
  }
  return pieces;
}

function lengthOf(parts: Pattern): number {
  return parts.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0);
}

function fits({ parts }: Chunk, value: string, at: number): boolean {
  for (const part of parts) {
    if (typeof part === 'string') {
      if (!value.startsWith(part, at)) return false;
      at += part.length;
    } else {
      if (at >= value.length) return false;
      if (part.kind === 'set' && !part.characters.includes(value[at]!)) return false;
      at++;
    }
  }
  return true;
}

/** The first place from `from` where the chunk fits and ends by `end`; -1 when there is none. */
function find(chunk: Chunk, value: string, from: number, end: number): number {
  const head = chunk.parts[0];
  for (let at = from; at + chunk.length <= end; at++) {
    if (typeof head === 'string') {
      at = value.indexOf(head, at);
      if (at < 0 || at + chunk.length > end) return -1;
    }
    if (fits(chunk, value, at)) return at;
  }
  return -1;
}
