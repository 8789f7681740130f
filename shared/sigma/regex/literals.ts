import { fold } from '../fold.ts';
import type { Ranges, Regex } from './syntax.ts';

/** Texts of one set; more alternatives are no help to an index. */
const mostTexts = 96;
/** Groups given at most. */
const mostGroups = 8;
/** Units of a text; of longer ones the beginning or the end is kept. */
const longestText = 48;
/** Counted repetitions are written out so often. */
const mostCopies = 4;

/** Texts of which at least one is in every value the expression matches, where `at` says. Folded ASCII. */
export interface RequiredTexts {
  readonly at: 'start' | 'end' | 'anywhere';
  readonly texts: readonly string[];
}

/** What is known of an expression without running it. */
export interface RegexFacts {
  /** UTF-16 units of the shortest text it matches. */
  readonly shortest: number;
  /** What a value must hold for it to match, the most telling first. */
  readonly required: readonly RequiredTexts[];
}

type Texts = readonly string[];

/** What all texts that a part matches have in common. */
interface Facts {
  /** These are all texts it matches, where they are few. */
  readonly all: Texts | undefined;
  /** Each begins with one of these; with nothing, where that is not known. */
  readonly starts: Texts;
  readonly ends: Texts;
  /** Each holds one text of each of these. */
  readonly groups: readonly Texts[];
}

const anything: Texts = [''];
const unknown: Facts = { all: undefined, starts: anything, ends: anything, groups: [] };
const nothing = exactly(anything);

/**
 * What a value must hold for the expression to match, the most telling first; none when nothing is known. Non-ASCII is
 * left out since its case does not fold alike everywhere.
 */
export function requiredTexts(regex: Regex): readonly RequiredTexts[] {
  const facts = factsOf(regex);
  const groups: RequiredTexts[] = [];
  if (isTied(regex, 'start') && !facts.starts.includes('')) groups.push({ at: 'start', texts: facts.starts });
  if (isTied(regex, 'end') && !facts.ends.includes('')) groups.push({ at: 'end', texts: facts.ends });
  for (const texts of groupsOf(facts)) if (texts.every(isTelling)) groups.push({ at: 'anywhere', texts });
  groups.sort((a, b) => commonness(a.texts) - commonness(b.texts));
  const kept: RequiredTexts[] = [];
  for (const group of groups) {
    if (kept.length === mostGroups) break;
    if (!kept.some(({ texts }) => tells(texts, group))) kept.push(group);
  }
  return kept;
}

/** Whether what holds one of `texts` holds one of the group anyhow. */
function tells(texts: Texts, group: RequiredTexts): boolean {
  return group.at === 'anywhere' && texts.every((text) => group.texts.some((part) => text.includes(part)));
}

/** How often one of the texts is to be expected, beside others. */
function commonness(texts: Texts): number {
  return texts.reduce((sum, text) => sum + Math.exp(-text.length / 4), 0);
}

/** A single letter, digit or blank, or what joins words and paths, is in most values. */
function isTelling(text: string): boolean {
  return text.length > 1 || !/^[\w\s.\-/\\:]?$/.test(text);
}

function factsOf(regex: Regex): Facts {
  switch (regex.kind) {
    case 'assert':
      return nothing;
    case 'set': {
      const units = fewUnits(regex.ranges);
      return units === undefined ? unknown : exactly(units);
    }
    case 'capture':
      return factsOf(regex.of);
    case 'sequence':
      return regex.of.map(factsOf).reduce(followed, nothing);
    case 'choice':
      return oneOf(regex.of.map(factsOf));
    case 'repeat':
      return factsOfRepeat(regex);
  }
}

function factsOfRepeat({ of, min, max }: Regex & { readonly kind: 'repeat' }): Facts {
  const once = factsOf(of);
  if (min === 0) return max === 1 ? oneOf([nothing, once]) : unknown;
  const copies = Array.from({ length: Math.min(min, mostCopies) }, () => once).reduce(followed, nothing);
  if (max === min && min <= mostCopies) return copies;
  // Both its beginning and its end are known, and not what is between.
  const { starts, groups } = followed(copies, unknown);
  return { all: undefined, starts, ends: followed(unknown, copies).ends, groups };
}

function exactly(all: Texts): Facts {
  return { all, starts: all, ends: all, groups: [] };
}

/** `a` and then `b`. */
function followed(a: Facts, b: Facts): Facts {
  const all = a.all && b.all && crossed(a.all, b.all);
  if (all?.every((text) => text.length <= longestText))
    return { ...exactly(all), groups: [...a.groups, ...b.groups] };
  const groups = [...a.groups, ...b.groups];
  const joint = crossed(a.ends, b.starts) ?? (commonness(a.ends) < commonness(b.starts) ? a.ends : b.starts);
  if (!joint.includes('')) groups.push(joint);
  const starts = (a.all && crossed(a.all, b.starts)) ?? a.starts;
  const ends = (b.all && crossed(a.ends, b.all)) ?? b.ends;
  return {
    all: undefined,
    starts: distinct(starts.map((text) => text.slice(0, longestText))),
    ends: distinct(ends.map((text) => text.slice(-longestText))),
    groups,
  };
}

function oneOf(parts: readonly Facts[]): Facts {
  const united = (sets: readonly (Texts | undefined)[]): Texts | undefined => {
    if (sets.includes(undefined)) return undefined;
    const texts = distinct(sets.flatMap((set) => set ?? []));
    return texts.length > mostTexts ? undefined : texts;
  };
  const best = united(parts.map(mostTelling));
  return {
    all: united(parts.map(({ all }) => all)),
    starts: united(parts.map(({ starts }) => starts)) ?? anything,
    ends: united(parts.map(({ ends }) => ends)) ?? anything,
    groups: best === undefined ? [] : [best],
  };
}

function mostTelling(facts: Facts): Texts | undefined {
  const groups = groupsOf(facts).filter((texts) => texts.every(isTelling));
  return groups.reduce<Texts | undefined>(
    (best, one) => (best === undefined || commonness(one) < commonness(best) ? one : best),
    undefined,
  );
}

function groupsOf({ all, starts, ends, groups }: Facts): readonly Texts[] {
  return [...groups, ...(all === undefined ? [starts, ends] : [all])].filter((texts) => !texts.includes(''));
}

function crossed(before: Texts, after: Texts): Texts | undefined {
  if (before.length * after.length > mostTexts) return undefined;
  return distinct(before.flatMap((text) => after.map((more) => text + more)));
}

const distinct = (texts: Texts): Texts => (texts.length < 2 ? texts : [...new Set(texts)]);

/** Whether every match begins, or ends, where the value does. */
function isTied(regex: Regex, at: 'start' | 'end'): boolean {
  switch (regex.kind) {
    case 'assert':
      return regex.what === at;
    case 'sequence': {
      const outermost = at === 'start' ? regex.of[0] : regex.of.at(-1);
      return outermost !== undefined && isTied(outermost, at);
    }
    case 'choice':
      return regex.of.every((part) => isTied(part, at));
    case 'capture':
      return isTied(regex.of, at);
    case 'repeat':
      return regex.min > 0 && isTied(regex.of, at);
    case 'set':
      return false;
  }
}

/** The folded ASCII characters of a set of a few. */
function fewUnits(ranges: Ranges): Texts | undefined {
  const units = new Set<string>();
  for (const [from, to] of ranges) {
    if (to > 127 || to - from > 3) return undefined;
    for (let unit = from; unit <= to; unit++) units.add(fold(String.fromCharCode(unit)));
  }
  return units.size > 4 ? undefined : [...units];
}

/** Units of the shortest text the expression matches. */
export function shortestMatch(regex: Regex): number {
  switch (regex.kind) {
    case 'assert':
      return 0;
    case 'set':
      return 1;
    case 'capture':
      return shortestMatch(regex.of);
    case 'sequence':
      return regex.of.reduce((sum, part) => sum + shortestMatch(part), 0);
    case 'choice':
      return regex.of.reduce((least, part) => Math.min(least, shortestMatch(part)), Number.POSITIVE_INFINITY);
    case 'repeat':
      return regex.min === 0 ? 0 : regex.min * shortestMatch(regex.of);
  }
}
