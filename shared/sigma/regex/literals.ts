import type { Ranges, Regex } from './syntax.ts';

/** Alternatives beyond this are no help to an index. */
const mostAlternatives = 24;

/**
 * Folded ASCII texts of which at least one is in every value the expression matches; undefined when there are none
 * of two characters. Non-ASCII is left out since its case does not fold alike everywhere.
 */
export function requiredLiterals(regex: Regex): readonly string[] | undefined {
  const best = required(regex);
  return best !== undefined && weight(best) >= 2 ? best : undefined;
}

function weight(texts: readonly string[]): number {
  return Math.min(...texts.map((t) => t.length));
}

function better(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return weight(b) > weight(a) ? b : a;
}

function required(regex: Regex): readonly string[] | undefined {
  switch (regex.kind) {
    case 'assert':
      return undefined;
    case 'set': {
      const unit = soleUnit(regex.ranges);
      return unit === undefined ? undefined : [unit];
    }
    case 'repeat':
      return regex.min > 0 ? required(regex.of) : undefined;
    case 'choice': {
      const all = regex.of.map(required);
      const texts = all.flatMap((t) => t ?? []);
      return all.includes(undefined) || texts.length > mostAlternatives ? undefined : texts;
    }
    case 'capture':
      return required(regex.of);
    case 'sequence':
      return requiredOfSequence(regex.of);
  }
}

function requiredOfSequence(parts: readonly Regex[]): readonly string[] | undefined {
  let best: readonly string[] | undefined;
  let run = '';
  const endRun = () => {
    if (run !== '') best = better(best, [run]);
    run = '';
  };
  for (const part of parts.flatMap(flatten)) {
    const unit = part.kind === 'set' ? soleUnit(part.ranges) : undefined;
    if (unit !== undefined) run += unit;
    else if (part.kind !== 'assert') {
      endRun();
      best = better(best, required(part));
    }
  }
  endRun();
  return best;
}

function flatten(regex: Regex): readonly Regex[] {
  return regex.kind === 'sequence' ? regex.of.flatMap(flatten) : [regex];
}

/** The folded ASCII character a set comes to, when it is one letter in either case or one character. */
function soleUnit(ranges: Ranges): string | undefined {
  const units = new Set<string>();
  for (const [from, to] of ranges) {
    if (to > 127 || to - from > 1) return undefined;
    for (let unit = from; unit <= to; unit++) units.add(String.fromCharCode(unit).toLowerCase());
  }
  return units.size === 1 ? [...units][0] : undefined;
}
