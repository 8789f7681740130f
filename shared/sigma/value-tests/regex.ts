import { anyPart } from '../pattern.ts';
import { Automaton } from '../regex/automaton.ts';
import { type RegexFacts, type RequiredTexts, requiredTexts, shortestMatch } from '../regex/literals.ts';
import { parseRegex } from '../regex/parse.ts';
import { compileProgram } from '../regex/program.ts';
import type { RegexFlags } from '../regex/syntax.ts';
import type { Value } from '../value.ts';
import type { IndexHint, Test } from './test.ts';
import { textTest } from './text.ts';

/**
 * What is to be known of an expression before it is run. Throws RegexRefusal with the reason when it is not understood
 * or cannot be run in time linear in the length of the value.
 */
export function regexFacts(source: string, flags: RegexFlags): RegexFacts {
  const regex = parseRegex(source, flags);
  compileProgram(regex);
  return { shortest: shortestMatch(regex), required: requiredTexts(regex) };
}

/**
 * A test that a regular expression matches somewhere in the value, in time linear in its length. Finding out the facts
 * throws as `regexFacts` does; the expression itself is made ready when a value first asks for it.
 */
export function regexTest(
  source: string,
  flags: RegexFlags,
  facts: RegexFacts = regexFacts(source, flags),
): Test {
  return new RegexTest(source, flags, facts);
}

export class RegexTest implements Test {
  readonly source: string;
  readonly facts: RegexFacts;
  readonly key: string;
  readonly hint: IndexHint;
  readonly #flags: RegexFlags;
  #automaton: Automaton | undefined;

  constructor(source: string, flags: RegexFlags, facts: RegexFacts) {
    this.source = source;
    this.facts = facts;
    this.#flags = flags;
    const letters = (['i', 'm', 's'] as const).filter((f) => flags[f]).join('');
    this.key = `re ${letters} ${source}`;
    const [best] = facts.required;
    this.hint =
      best === undefined ? { by: 'scan' } : { by: 'literal', texts: best.texts, at: best.at, sure: false };
  }

  /** Made for each asker: a plan asks once. */
  get needs(): readonly (readonly Test[])[] {
    return this.facts.required.slice(1).map(testsOf);
  }

  holds({ text: value }: Value): boolean {
    if (value.length < this.facts.shortest) return false;
    this.#automaton ??= new Automaton(compileProgram(parseRegex(this.source, this.#flags)));
    return this.#automaton.test(value);
  }
}

function testsOf({ at, texts }: RequiredTexts): readonly Test[] {
  const before = at === 'start' ? [] : [anyPart];
  const after = at === 'end' ? [] : [anyPart];
  return texts.map((text) => textTest([...before, text, ...after], false));
}
