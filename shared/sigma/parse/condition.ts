import type { Condition } from '../document.ts';
import type { Place, ProblemSink } from '../problem.ts';

/** Bounds on one condition; the longest public one has some 300 characters. */
export const conditionBounds = { length: 8_192, depth: 64 } as const;

interface Token {
  readonly text: string;
  readonly offset: number;
}

const tokenPattern = /[()|]|[^\s()|]+/g;

/**
 * Reads a condition: `or` binds loosest, then `and`, `not`, `x of`, parentheses. Patterns (`1 of sel*`, `all of
 * them`) are resolved against the names, of what `named` says; `them` and wildcards skip names that begin with `_`.
 * Gives undefined and a problem with its place when the condition is not understood or names nothing.
 */
export function parseCondition(
  text: string,
  place: Place,
  names: readonly string[],
  problems: ProblemSink,
  named = 'a selection',
): Condition | undefined {
  if (text.length > conditionBounds.length)
    return problems.refuse('rule.too_large', place, 'The condition is too long.');
  return new ConditionParser(text, place, names, problems, named).parse();
}

class ConditionParser {
  readonly #tokens: readonly Token[];
  readonly #place: Place;
  readonly #names: readonly string[];
  readonly #problems: ProblemSink;
  readonly #named: string;
  #next = 0;

  constructor(text: string, place: Place, names: readonly string[], problems: ProblemSink, named: string) {
    this.#tokens = [...text.matchAll(tokenPattern)].map((m) => ({ text: m[0], offset: m.index }));
    this.#place = place;
    this.#names = names;
    this.#problems = problems;
    this.#named = named;
  }

  parse(): Condition | undefined {
    const condition = this.#or(0);
    if (condition === undefined) return undefined;
    const rest = this.#peek();
    if (rest === undefined) return condition;
    if (rest.text === '|') {
      return this.#refuse(
        'The condition uses an aggregation (`|`), which Sigma 2 replaced by correlations.',
        rest,
      );
    }
    return this.#refuse(`The condition goes on at \`${rest.text}\` where it should end.`, rest);
  }

  #or(depth: number): Condition | undefined {
    return this.#chain('or', () => this.#chain('and', () => this.#not(depth)));
  }

  #chain(op: 'or' | 'and', read: () => Condition | undefined): Condition | undefined {
    const of: Condition[] = [];
    do {
      const part = read();
      if (part === undefined) return undefined;
      of.push(part);
    } while (this.#takeWord(op));
    return of.length === 1 ? of[0] : { op, of };
  }

  #not(depth: number): Condition | undefined {
    if (depth > conditionBounds.depth) return this.#refuse('The condition nests too deep.', this.#peek());
    if (this.#takeWord('not')) {
      const of = this.#not(depth + 1);
      return of === undefined ? undefined : { op: 'not', of };
    }
    if (this.#takeWord('(')) {
      const inner = this.#or(depth + 1);
      if (inner === undefined) return undefined;
      return this.#takeWord(')') ? inner : this.#refuse('A parenthesis is not closed.', this.#peek());
    }
    return this.#operand();
  }

  #operand(): Condition | undefined {
    const token = this.#peek();
    if (token === undefined) return this.#refuse('The condition ends where a selection should be.', token);
    this.#next++;
    if (this.#peek()?.text.toLowerCase() === 'of' && !this.#names.includes(token.text))
      return this.#quantity(token);
    if (this.#names.includes(token.text)) return { op: 'selection', name: token.text };
    return this.#refuse(`The condition names \`${token.text}\`, which is not ${this.#named}.`, token);
  }

  /** `1 of x*`, `all of them`, `any of x*`, `2 of x*`. */
  #quantity(amount: Token): Condition | undefined {
    this.#next++;
    const target = this.#peek();
    if (target === undefined) return this.#refuse('`of` is not followed by a selection.', amount);
    this.#next++;
    const of = this.#matching(target.text).map((name): Condition => ({ op: 'selection', name }));
    if (of.length === 0) return this.#refuse(`No selection is called \`${target.text}\`.`, target);
    const word = amount.text.toLowerCase();
    if (word === 'all') return of.length === 1 ? of[0] : { op: 'and', of };
    if (word !== 'any' && !/^[1-9]\d{0,3}$/.test(word))
      return this.#refuse(`\`${amount.text} of\` is not understood.`, amount);
    const least = word === 'any' ? 1 : Number(word);
    if (least > of.length)
      return this.#refuse(`\`${amount.text} of\` asks for more than the ${of.length} selections.`, amount);
    if (of.length === 1) return of[0];
    return least === 1 ? { op: 'or', of } : { op: 'at-least', least, of };
  }

  #matching(pattern: string): readonly string[] {
    if (pattern.toLowerCase() === 'them' && !this.#names.includes(pattern))
      return this.#names.filter((name) => !name.startsWith('_'));
    if (!pattern.includes('*')) return this.#names.filter((name) => name === pattern);
    const form = new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`);
    return this.#names.filter(
      (name) => form.test(name) && (pattern.startsWith('_') || !name.startsWith('_')),
    );
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token?.text.toLowerCase() !== word || this.#names.includes(token.text)) return false;
    this.#next++;
    return true;
  }

  #refuse(message: string, at: Token | undefined): undefined {
    const column = this.#place.column + (at?.offset ?? 0);
    return this.#problems.refuse('rule.invalid', { line: this.#place.line, column }, message);
  }
}
