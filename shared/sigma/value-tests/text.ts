import { fold } from '../fold.ts';
import { anyPart, isAny, joinPattern, keyOf, literalOf, type Part, type Pattern } from '../pattern.ts';
import { compileGlob } from './glob.ts';
import type { IndexHint, Test } from './test.ts';

/** Holds for every present value. */
export const presence: Test = { key: 'presence', hint: { by: 'presence' }, holds: () => true };

/** The test a Sigma string asks: equality, an affix, or wildcards. `cased` heeds case. */
export function textTest(pattern: Pattern, cased: boolean): Test {
  const parts = joinPattern(pattern).map((p) => (cased ? p : foldPart(p)));
  if (parts.length === 1 && isAny(parts[0])) return presence;
  const key = `${cased ? 'cased ' : ''}${keyOf(parts)}`;
  const pick = cased
    ? (value: string, _folded: string): string => value
    : (_value: string, folded: string): string => folded;
  const literal = literalOf(parts);
  if (literal !== undefined) {
    const hint: IndexHint = { by: 'exact', text: cased ? fold(literal) : literal, sure: !cased };
    return { key, hint, holds: (value, folded) => pick(value, folded) === literal };
  }
  return affixTest(parts, cased, key, pick) ?? globTest(parts, cased, key, pick);
}

function foldPart(part: Part): Part {
  if (typeof part === 'string') return fold(part);
  return part.kind === 'set' ? { kind: 'set', characters: fold(part.characters) } : part;
}

type Pick = (value: string, folded: string) => string;

function affixTest(parts: Pattern, cased: boolean, key: string, pick: Pick): Test | undefined {
  const literals = parts.filter((p) => typeof p === 'string');
  const [text] = literals;
  if (
    text === undefined ||
    literals.length > 1 ||
    parts.some((p) => typeof p === 'object' && p.kind !== 'any')
  )
    return undefined;
  const [open, close] = [isAny(parts[0]), isAny(parts.at(-1))];
  const at = open && close ? 'anywhere' : open ? 'end' : 'start';
  const hint: IndexHint = { by: 'literal', texts: [cased ? fold(text) : text], at, sure: !cased };
  const find = {
    anywhere: (s: string) => s.includes(text),
    end: (s: string) => s.endsWith(text),
    start: (s: string) => s.startsWith(text),
  }[at];
  return { key, hint, holds: (value, folded) => find(pick(value, folded)) };
}

function globTest(parts: Pattern, cased: boolean, key: string, pick: Pick): Test {
  const glob = compileGlob(parts);
  const longest = parts
    .filter((p) => typeof p === 'string')
    .reduce((best, p) => (p.length > best.length ? p : best), '');
  const hint: IndexHint =
    longest === ''
      ? { by: 'scan' }
      : { by: 'literal', texts: [cased ? fold(longest) : longest], at: 'anywhere', sure: false };
  const needs = cased ? [] : parts.flatMap((part, i) => neededText(parts, part, i));
  return { key, hint, needs, holds: (value, folded) => glob(pick(value, folded)) };
}

/** That the literal at a place of the pattern is in the value, at its beginning or end where nothing else is. */
function neededText(parts: Pattern, part: Part, i: number): readonly (readonly Test[])[] {
  if (typeof part !== 'string') return [];
  const before = i === 0 ? [] : [anyPart];
  const after = i === parts.length - 1 ? [] : [anyPart];
  return [[textTest([...before, part, ...after], false)]];
}
