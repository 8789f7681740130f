import { fold } from '../fold.ts';
import { anyPart, isAny, joinPattern, keyOf, literalOf, type Part, type Pattern } from '../pattern.ts';
import type { Value } from '../value.ts';
import { compileGlob } from './glob.ts';
import type { IndexHint, Test } from './test.ts';

/** Holds for every present value. */
export const presence: Test = { key: 'presence', hint: { by: 'presence' }, holds: () => true };

/** Holds where the field is there, be it null or an empty list. */
export const existence: Test = { key: 'existence', hint: { by: 'existence' }, holds: () => true };

/** The test a Sigma string asks: equality, an affix, or wildcards. `cased` heeds case. */
export function textTest(pattern: Pattern, cased: boolean): Test {
  const joined = joinPattern(pattern);
  const parts = cased ? joined : joined.map(foldPart);
  if (parts.length === 1 && isAny(parts[0])) return presence;
  const literal = literalOf(parts);
  if (literal !== undefined) return new LiteralTest(literal, 'whole', cased);
  const affix = affixOf(parts);
  return affix === undefined ? new GlobTest(parts, cased) : new LiteralTest(affix.text, affix.at, cased);
}

function foldPart(part: Part): Part {
  if (typeof part === 'string') return fold(part);
  return part.kind === 'set' ? { kind: 'set', characters: fold(part.characters) } : part;
}

type At = 'whole' | 'start' | 'end' | 'anywhere';

/** The one literal of a pattern that is otherwise open at an end or both. */
function affixOf(parts: Pattern): { readonly text: string; readonly at: At } | undefined {
  const [first, second, third] = parts;
  if (parts.length === 2) {
    if (typeof first === 'string' && isAny(second)) return { text: first, at: 'start' };
    if (isAny(first) && typeof second === 'string') return { text: second, at: 'end' };
  }
  if (parts.length === 3 && isAny(first) && typeof second === 'string' && isAny(third))
    return { text: second, at: 'anywhere' };
  return undefined;
}

/** Classes, not closures: a corpus has tens of thousands of these. */
class LiteralTest implements Test {
  readonly #text: string;
  readonly #at: At;
  readonly #cased: boolean;
  readonly hint: IndexHint;

  constructor(text: string, at: At, cased: boolean) {
    this.#text = text;
    this.#at = at;
    this.#cased = cased;
    const found = cased ? fold(text) : text;
    this.hint =
      at === 'whole'
        ? { by: 'exact', text: found, sure: !cased }
        : { by: 'literal', texts: [found], at, sure: !cased };
  }

  get key(): string {
    return `${this.#cased ? 'cased ' : ''}${this.#at} ${this.#text}`;
  }

  holds(value: Value): boolean {
    const whole = this.#cased ? value.text : value.folded;
    switch (this.#at) {
      case 'whole':
        return whole === this.#text;
      case 'start':
        return whole.startsWith(this.#text);
      case 'end':
        return whole.endsWith(this.#text);
      case 'anywhere':
        return whole.includes(this.#text);
    }
  }
}

class GlobTest implements Test {
  readonly #parts: Pattern;
  readonly #cased: boolean;
  readonly #glob: (value: string) => boolean;
  readonly hint: IndexHint;
  readonly needs: readonly (readonly Test[])[];

  constructor(parts: Pattern, cased: boolean) {
    this.#parts = parts;
    this.#cased = cased;
    this.#glob = compileGlob(parts);
    const longest = parts
      .filter((p) => typeof p === 'string')
      .reduce((best, p) => (p.length > best.length ? p : best), '');
    this.hint =
      longest === ''
        ? { by: 'scan' }
        : { by: 'literal', texts: [cased ? fold(longest) : longest], at: 'anywhere', sure: false };
    this.needs = cased ? [] : parts.flatMap((part, i) => neededText(parts, part, i));
  }

  get key(): string {
    return `${this.#cased ? 'cased ' : ''}glob ${keyOf(this.#parts)}`;
  }

  holds(value: Value): boolean {
    return this.#glob(this.#cased ? value.text : value.folded);
  }
}

/** That the literal at a place of the pattern is in the value, at its beginning or end where nothing else is. */
function neededText(parts: Pattern, part: Part, i: number): readonly (readonly Test[])[] {
  if (typeof part !== 'string') return [];
  const before = i === 0 ? [] : [anyPart];
  const after = i === parts.length - 1 ? [] : [anyPart];
  return [[textTest([...before, part, ...after], false)]];
}
