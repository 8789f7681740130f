import { Automaton } from '../regex/automaton.ts';
import { requiredLiterals } from '../regex/literals.ts';
import { parseRegex } from '../regex/parse.ts';
import { compileProgram } from '../regex/program.ts';
import type { RegexFlags } from '../regex/syntax.ts';
import type { IndexHint, Test } from './test.ts';

/**
 * A test that a regular expression matches somewhere in the value, in time linear in its length. Throws RegexRefusal
 * with the reason when the expression is not understood or cannot be run so.
 */
export function regexTest(source: string, flags: RegexFlags): Test {
  const regex = parseRegex(source, flags);
  const automaton = new Automaton(compileProgram(regex));
  const literals = requiredLiterals(regex);
  const hint: IndexHint =
    literals === undefined
      ? { by: 'scan' }
      : { by: 'literal', texts: [...new Set(literals)], at: 'anywhere', sure: false };
  const letters = (['i', 'm', 's'] as const).filter((f) => flags[f]).join('');
  return { key: `re ${letters} ${source}`, hint, holds: (value) => automaton.test(value) };
}
