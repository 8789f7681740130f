import { anyPart } from '../pattern.ts';
import { Automaton } from '../regex/automaton.ts';
import { type RequiredTexts, requiredTexts } from '../regex/literals.ts';
import { parseRegex } from '../regex/parse.ts';
import { compileProgram } from '../regex/program.ts';
import type { RegexFlags } from '../regex/syntax.ts';
import type { IndexHint, Test } from './test.ts';
import { textTest } from './text.ts';

/**
 * A test that a regular expression matches somewhere in the value, in time linear in its length. Throws RegexRefusal
 * with the reason when the expression is not understood or cannot be run so.
 */
export function regexTest(source: string, flags: RegexFlags): Test {
  const regex = parseRegex(source, flags);
  const program = compileProgram(regex);
  let automaton: Automaton | undefined;
  const [best, ...others] = requiredTexts(regex);
  const hint: IndexHint =
    best === undefined ? { by: 'scan' } : { by: 'literal', texts: best.texts, at: best.at, sure: false };
  const letters = (['i', 'm', 's'] as const).filter((f) => flags[f]).join('');
  return {
    key: `re ${letters} ${source}`,
    hint,
    needs: others.map(testsOf),
    holds: (value) => {
      automaton ??= new Automaton(program);
      return automaton.test(value);
    },
  };
}

function testsOf({ at, texts }: RequiredTexts): readonly Test[] {
  const before = at === 'start' ? [] : [anyPart];
  const after = at === 'end' ? [] : [anyPart];
  return texts.map((text) => textTest([...before, text, ...after], false));
}
