import { fold } from '../fold.ts';
import type { Ranges, Regex } from './syntax.ts';

/** Alternatives beyond this are no help to an index. */
const mostAlternatives = 24;
/** Groups given at most, and characters of an end. */
const mostGroups = 8;
const longestEnd = 24;

/** Texts of which at least one is in every value the expression matches, where `at` says. Folded ASCII. */
export interface RequiredTexts {
  readonly at: 'start' | 'end' | 'anywhere';
  readonly texts: readonly string[];
}

/**
 * What a value must hold for the expression to match, the most telling first; none when nothing is known. Non-ASCII is
 * left out since its case does not fold alike everywhere.
 */
export function requiredTexts(regex: Regex): readonly RequiredTexts[] {
  const groups: RequiredTexts[] = required(regex).map((texts) => ({ at: 'anywhere', texts }));
  for (const at of ['start', 'end'] as const) {
    const texts = endTexts(regex, at);
    if (texts !== undefined) groups.push({ at, texts });
  }
  return groups
    .map(({ at, texts }) => ({ at, texts: [...new Set(texts)] }))
    .filter(({ at, texts }) => texts.every((text) => at !== 'anywhere' || isTelling(text)))
    .sort((a, b) => weightOf(b) - weightOf(a))
    .slice(0, mostGroups);
}

function weightOf({ texts }: RequiredTexts): number {
  return Math.min(...texts.map((text) => text.length)) - texts.length / mostAlternatives;
}

/** A single letter, digit or blank, or what joins words and paths, is in most values. */
function isTelling(text: string): boolean {
  return text.length > 1 || !/^[\w\s.\-/\\:]$/.test(text);
}

function required(regex: Regex): readonly (readonly string[])[] {
  switch (regex.kind) {
    case 'assert':
      return [];
    case 'set': {
      const unit = soleUnit(regex.ranges);
      return unit === undefined ? [] : [[unit]];
    }
    case 'repeat':
      return regex.min > 0 ? required(regex.of) : [];
    case 'choice': {
      const best = regex.of.map((part) => longest(required(part)));
      const texts = best.flatMap((group) => group ?? []);
      return best.includes(undefined) || texts.length > mostAlternatives ? [] : [texts];
    }
    case 'capture':
      return required(regex.of);
    case 'sequence':
      return requiredOfSequence(regex.of.flatMap(flatten));
  }
}

function longest(groups: readonly (readonly string[])[]): readonly string[] | undefined {
  const weight = (texts: readonly string[]) => Math.min(...texts.map((text) => text.length));
  return groups.reduce<readonly string[] | undefined>(
    (best, group) => (best === undefined || weight(group) > weight(best) ? group : best),
    undefined,
  );
}

function requiredOfSequence(parts: readonly Regex[]): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = [];
  let run = '';
  const endRun = () => {
    if (run !== '') groups.push([run]);
    run = '';
  };
  for (const part of parts) {
    const unit = part.kind === 'set' ? soleUnit(part.ranges) : undefined;
    if (unit !== undefined) run += unit;
    else if (part.kind !== 'assert') {
      endRun();
      groups.push(...required(part));
    }
  }
  endRun();
  return groups;
}

function flatten(regex: Regex): readonly Regex[] {
  return regex.kind === 'sequence' ? regex.of.flatMap(flatten) : [regex];
}

/** The texts one of which a match begins or ends with, when it is tied to that end of the value and they are few. */
function endTexts(regex: Regex, at: 'start' | 'end'): readonly string[] | undefined {
  const parts = flatten(regex);
  const inward = at === 'start' ? parts : parts.toReversed();
  if (inward[0]?.kind !== 'assert' || inward[0].what !== at) return undefined;
  let texts: readonly string[] = [''];
  for (const part of inward.slice(1)) {
    const next = part.kind === 'assert' ? undefined : fewTexts(part);
    if (next === undefined || texts.length * next.length > mostAlternatives) break;
    texts = texts.flatMap((text) => next.map((more) => (at === 'start' ? text + more : more + text)));
    if (texts.some((text) => text.length > longestEnd)) break;
  }
  return texts.includes('') ? undefined : texts;
}

/** All texts a part matches, when they are few. */
function fewTexts(regex: Regex): readonly string[] | undefined {
  switch (regex.kind) {
    case 'assert':
      return undefined;
    case 'set':
      return fewUnits(regex.ranges);
    case 'choice': {
      const all = regex.of.map(fewTexts);
      return all.some((texts) => texts === undefined) ? undefined : all.flatMap((texts) => texts ?? []);
    }
    case 'sequence':
      return regex.of.reduce<readonly string[] | undefined>(
        (texts, part) => {
          const next = fewTexts(part);
          if (texts === undefined || next === undefined) return undefined;
          if (texts.length * next.length > mostAlternatives) return undefined;
          return texts.flatMap((text) => next.map((more) => text + more));
        },
        [''],
      );
    case 'repeat': {
      if (regex.max !== 1) return regex.min === 1 && regex.max === 1 ? fewTexts(regex.of) : undefined;
      const once = fewTexts(regex.of);
      return once === undefined || regex.min === 1 ? once : ['', ...once];
    }
  }
}

/** The folded ASCII character a set comes to, when it is one letter in either case or one character. */
function soleUnit(ranges: Ranges): string | undefined {
  const units = fewUnits(ranges);
  return units?.length === 1 ? units[0] : undefined;
}

/** The folded ASCII characters of a set of a few. */
function fewUnits(ranges: Ranges): readonly string[] | undefined {
  const units = new Set<string>();
  for (const [from, to] of ranges) {
    if (to > 127 || to - from > 3) return undefined;
    for (let unit = from; unit <= to; unit++) units.add(fold(String.fromCharCode(unit)));
  }
  return units.size > 4 ? undefined : [...units];
}
