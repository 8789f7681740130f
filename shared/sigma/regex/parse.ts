import {
  digits,
  ignoreCase,
  lineEnds,
  maxUnit,
  negate,
  normalize,
  rangesOf,
  spaces,
  wordUnits,
} from './ranges.ts';
import type { Ranges, Regex, RegexFlags } from './syntax.ts';

/** Bounds on one regular expression; the longest public one has some 600 characters. */
export const regexBounds = { length: 4_096, depth: 64, repeat: 1_000 } as const;

/** Why an expression is not taken. `unsafe` ones are understood but cannot be run in linear time. */
export class RegexRefusal extends Error {
  readonly unsafe: boolean;

  constructor(message: string, unsafe = false) {
    super(message);
    this.unsafe = unsafe;
  }
}

const empty: Regex = { kind: 'sequence', of: [] };
const posix: Readonly<Record<string, Ranges>> = {
  alpha: [
    [65, 90],
    [97, 122],
  ],
  digit: digits,
  alnum: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  upper: [[65, 90]],
  lower: [[97, 122]],
  space: [
    [9, 13],
    [32, 32],
  ],
  blank: [
    [9, 9],
    [32, 32],
  ],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  xdigit: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
  word: wordUnits,
};
const escapes: Readonly<Record<string, Ranges>> = {
  d: digits,
  D: negate(digits),
  w: wordUnits,
  W: negate(wordUnits),
  s: spaces,
  S: negate(spaces),
  h: [
    [9, 9],
    [32, 32],
  ],
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, e: 27, a: 7, '0': 0 };

/**
 * Reads the regular part of PCRE and ECMAScript syntax: what an automaton can run in time linear in the value.
 * Meanings where the two differ are ECMAScript's. Throws RegexRefusal with a reason; back references and
 * lookaround need backtracking and are refused as unsafe.
 */
export function parseRegex(source: string, flags: RegexFlags, captures = false): Regex {
  if (source.length > regexBounds.length)
    throw new RegexRefusal(`it is longer than ${regexBounds.length} characters`);
  return new RegexParser(source, flags, captures).parse();
}

class RegexParser {
  readonly #source: string;
  #flags: RegexFlags;
  #at = 0;
  /** Groups numbered so far; undefined where their texts are not wanted. */
  #groups: number | undefined;

  constructor(source: string, flags: RegexFlags, captures: boolean) {
    this.#source = source;
    this.#flags = flags;
    this.#groups = captures ? 0 : undefined;
  }

  parse(): Regex {
    const regex = this.#choice(0);
    if (this.#at < this.#source.length) throw new RegexRefusal('a parenthesis closes that was not opened');
    return regex;
  }

  #choice(depth: number): Regex {
    if (depth > regexBounds.depth) throw new RegexRefusal('it nests too deep');
    const flags = this.#flags;
    const of = [this.#sequence(depth)];
    while (this.#take('|')) of.push(this.#sequence(depth));
    this.#flags = flags;
    return of.length === 1 ? of[0]! : { kind: 'choice', of };
  }

  #sequence(depth: number): Regex {
    const of: Regex[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) {
      const atom = this.#atom(depth);
      if (atom !== undefined) of.push(this.#quantified(atom));
    }
    return of.length === 1 ? of[0]! : { kind: 'sequence', of };
  }

  /** Undefined for what takes no place, such as a comment or flags. */
  #atom(depth: number): Regex | undefined {
    const c = this.#source[this.#at++]!;
    switch (c) {
      case '.':
        return { kind: 'set', ranges: this.#flags.s ? [[0, maxUnit]] : negate(lineEnds) };
      case '^':
        return { kind: 'assert', what: this.#flags.m ? 'line-start' : 'start' };
      case '$':
        return { kind: 'assert', what: this.#flags.m ? 'line-end' : 'end' };
      case '(':
        return this.#group(depth);
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new RegexRefusal(`\`${c}\` repeats nothing`);
      default:
        return this.#set(rangesOf(c));
    }
  }

  #set(ranges: Ranges): Regex {
    return { kind: 'set', ranges: this.#flags.i ? ignoreCase(ranges) : ranges };
  }

  #group(depth: number): Regex | undefined {
    const outer = this.#flags;
    let name: string | null | undefined = null;
    if (this.#take('?')) {
      const rest = this.#source.slice(this.#at);
      if (/^(?:[=!>]|<[=!])/.test(rest))
        throw new RegexRefusal('lookaround and atomic groups need backtracking', true);
      const head = /^(?::|P?<\w+>|'\w+'|([ims]*)(?:-([ims]+))?([:)]))/.exec(rest);
      if (head === null) throw new RegexRefusal('a group begins with `(?` in a way that is not understood');
      this.#at += head[0].length;
      name = /\w+(?=[>'])/.exec(head[0])?.[0];
      if (head[3] !== undefined) {
        this.#setFlags(head[1] ?? '', true);
        this.#setFlags(head[2] ?? '', false);
        if (head[3] === ')') return undefined;
      }
    }
    const index = name === undefined || this.#groups === undefined ? undefined : ++this.#groups;
    const inner = this.#choice(depth + 1);
    if (!this.#take(')')) throw new RegexRefusal('a parenthesis is not closed');
    this.#flags = outer;
    return index === undefined ? inner : { kind: 'capture', of: inner, index, name: name ?? null };
  }

  #setFlags(letters: string, on: boolean): void {
    for (const letter of letters) this.#flags = { ...this.#flags, [letter]: on };
  }

  #escape(): Regex {
    const c = this.#source[this.#at++];
    if (c === undefined) throw new RegexRefusal('it ends in a backslash');
    if (c === 'b') return { kind: 'assert', what: 'word' };
    if (c === 'B') return { kind: 'assert', what: 'not-word' };
    if (c === 'A') return { kind: 'assert', what: 'start' };
    if (c === 'z' || c === 'Z') return { kind: 'assert', what: 'end' };
    if (/[1-9]/.test(c) || c === 'k') throw new RegexRefusal('back references need backtracking', true);
    const named = escapes[c];
    return named !== undefined ? { kind: 'set', ranges: named } : this.#set([this.#unit(c)]);
  }

  /** The one unit an escape stands for, as a range; the letter is already taken. */
  #unit(c: string): readonly [number, number] {
    const code = this.#code(c);
    return [code, code];
  }

  #code(c: string): number {
    const control = controls[c];
    if (control !== undefined) return control;
    if (c === 'x' || c === 'u') {
      const rest = this.#source.slice(this.#at);
      const hex =
        c === 'x' ? /^(?:([\da-f]{2})|\{([\da-f]{1,4})\})/i.exec(rest) : /^([\da-f]{4})/i.exec(rest);
      if (hex === null) throw new RegexRefusal(`\`\\${c}\` is not followed by a code`);
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? '0', 16);
    }
    if (/[A-Za-z]/.test(c)) throw new RegexRefusal(`\`\\${c}\` is not supported`);
    return c.charCodeAt(0);
  }

  #class(): Regex {
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    let first = true;
    for (;;) {
      const c = this.#source[this.#at];
      if (c === undefined) throw new RegexRefusal('a character class is not closed');
      if (c === ']' && !first) break;
      first = false;
      const low = this.#classPart();
      const high = low.length === 1 && this.#rangeFollows() ? this.#rangeEnd() : undefined;
      if (high === undefined) ranges.push(...low);
      else if (high < low[0]![0]) throw new RegexRefusal('a range in a character class runs backwards');
      else ranges.push([low[0]![0], high]);
    }
    this.#at++;
    const set = normalize(ranges);
    const cased = this.#flags.i ? ignoreCase(set) : set;
    return { kind: 'set', ranges: negated ? negate(cased) : cased };
  }

  #rangeFollows(): boolean {
    return (
      this.#source[this.#at] === '-' &&
      this.#at + 1 < this.#source.length &&
      this.#source[this.#at + 1] !== ']'
    );
  }

  /** The upper end of a range; undefined, and nothing taken, when a class such as `\w` follows the dash. */
  #rangeEnd(): number | undefined {
    const mark = this.#at;
    this.#at++;
    const part = this.#classPart();
    if (part.length === 1 && part[0]![0] === part[0]![1]) return part[0]![0];
    this.#at = mark;
    return undefined;
  }

  #classPart(): Ranges {
    const c = this.#source[this.#at++]!;
    if (c === '[') {
      const named = /^:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at));
      const ranges = posix[named?.[2] ?? ''];
      if (named !== null && ranges !== undefined) {
        this.#at += named[0].length;
        return named[1] === '^' ? negate(ranges) : ranges;
      }
    }
    if (c !== '\\') return [[c.charCodeAt(0), c.charCodeAt(0)]];
    const e = this.#source[this.#at++];
    if (e === undefined) throw new RegexRefusal('it ends in a backslash');
    if (e === 'b') return [[8, 8]];
    return escapes[e] ?? [this.#unit(e)];
  }

  #quantified(atom: Regex): Regex {
    const rest = this.#source.slice(this.#at, this.#at + 16);
    const mark = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\}|\{,(\d+)\})/.exec(rest);
    if (mark === null) return atom;
    this.#at += mark[0].length;
    const [min, max] = boundsOf(mark);
    const lazy = this.#take('?');
    if (!lazy && this.#source[this.#at] === '+')
      throw new RegexRefusal('possessive repetition needs backtracking', true);
    if (max < min) throw new RegexRefusal('a repetition has its bounds the wrong way round');
    if (min > regexBounds.repeat || (max > regexBounds.repeat && max !== Number.POSITIVE_INFINITY))
      throw new RegexRefusal(`it repeats more than ${regexBounds.repeat} times`, true);
    if (atom.kind === 'assert') return min === 0 ? empty : atom;
    return this.#quantified({ kind: 'repeat', of: atom, min, max, lazy });
  }

  #take(c: string): boolean {
    if (this.#source[this.#at] !== c) return false;
    this.#at++;
    return true;
  }
}

function boundsOf(mark: RegExpExecArray): [number, number] {
  const infinity = Number.POSITIVE_INFINITY;
  if (mark[0] === '*') return [0, infinity];
  if (mark[0] === '+') return [1, infinity];
  if (mark[0] === '?') return [0, 1];
  if (mark[4] !== undefined) return [0, Number(mark[4])];
  const min = Number(mark[1]);
  if (mark[2] === undefined) return [min, min];
  return [min, mark[3] === '' ? infinity : Number(mark[3])];
}
