/** Reads filters as people write them; docs/searching.md describes the language. */
import { eventSpecs } from '../events/registry.gen.ts';
import { isAny, joinPattern, literalOf } from '../sigma/pattern.ts';
import { fieldNamed, hostNames, type KnownField, namesNear, typeNames } from './fields.ts';
import { everything, type Filter } from './filter.ts';
import { type Parsed, Refusal, refuse } from './problem.ts';
import { Scanner } from './scanner.ts';
import { readNumber, readPattern, readRange, readValue, type Written } from './value.ts';
import { wildcardTest } from './wildcard.ts';

/** Longest filter, in UTF-16 units. */
export const maxFilterLength = 4096;
/** Most values in one filter, and most brackets and `not` around one of them. */
export const maxFilterTerms = 256;
export const maxFilterDepth = 32;

/** A filter, or what is wrong with it. An empty one lets everything through. */
export function parseFilter(text: string): Parsed<Filter> {
  try {
    if (text.length > maxFilterLength)
      refuse('filter.too_large', `A filter has at most ${maxFilterLength} characters.`, {
        from: maxFilterLength,
        to: text.length,
      });
    return { ok: true, value: new Parser(text).parse() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, problem: error.problem };
    throw error;
  }
}

class Parser {
  readonly #s: Scanner;
  #terms = 0;

  constructor(text: string) {
    this.#s = new Scanner(text);
  }

  parse(): Filter {
    if (this.#s.isAtEnd) return everything;
    const filter = this.#or(0);
    if (!this.#s.isAtEnd) this.#unexpected();
    return filter;
  }

  #or(depth: number): Filter {
    const parts = [this.#and(depth)];
    while (this.#s.takeKeyword('or')) parts.push(this.#and(depth));
    return parts.length === 1 ? (parts[0] as Filter) : { kind: 'any', of: parts };
  }

  #and(depth: number): Filter {
    const parts = [this.#unary(depth)];
    for (;;) {
      if (this.#s.takeKeyword('and')) parts.push(this.#unary(depth));
      else if (this.#s.isAtEnd || this.#s.text[this.#s.at] === ')' || this.#s.peekKeyword() === 'or') break;
      else parts.push(this.#unary(depth));
    }
    return parts.length === 1 ? (parts[0] as Filter) : { kind: 'all', of: parts };
  }

  #unary(depth: number): Filter {
    const { from, to } = this.#s.rest();
    if (depth > maxFilterDepth)
      refuse('filter.too_large', `At most ${maxFilterDepth} brackets and nots stand inside one another.`, {
        from,
        to,
      });
    if (this.#s.takeKeyword('not')) return { kind: 'not', of: this.#unary(depth + 1) };
    if (!this.#s.take('(')) return this.#term();
    const inner = this.#or(depth + 1);
    if (!this.#s.take(')')) refuse('filter.syntax', 'This bracket is never closed.', { from, to: from + 1 });
    return inner;
  }

  #term(): Filter {
    const keyword = this.#s.peekKeyword();
    if (keyword === 'and' || keyword === 'or') this.#unexpected();
    const name = this.#s.takeName();
    return name === undefined ? this.#words() : this.#field(name);
  }

  #words(): Filter {
    this.#s.skipSpace();
    const written = this.#s.takeText('"') ?? this.#unexpected();
    this.#count(written);
    const pattern = readPattern(written);
    return pattern.every(isAny) ? everything : { kind: 'words', pattern: joinPattern(pattern, true, true) };
  }

  #field(name: Written): Filter {
    const lower = name.text.toLowerCase();
    if (hostNames.includes(lower)) return this.#values(name, ({ text }) => ({ kind: 'host', pattern: text }));
    if (typeNames.includes(lower)) return this.#values(name, readTypes);
    const field = fieldNamed(name.text);
    if (field === undefined) {
      const near = namesNear(name.text);
      const hint = near.length === 0 ? ' To look for this text, put it in quotes.' : '';
      return refuse('filter.unknown_field', `There is no field ${name.text}.${hint}`, name, near);
    }
    return this.#compared(field) ?? this.#values(name, (written) => testOf(field, written));
  }

  /** `>n` and its like, or a range in brackets; undefined when neither comes next. */
  #compared(field: KnownField): Filter | undefined {
    const comparison = this.#s.takeComparison();
    if (comparison !== undefined) {
      const written = this.#value('');
      const bound = { value: readNumber(field, written), isInclusive: comparison.endsWith('=') };
      const isLow = comparison.startsWith('>');
      const test = readRange(field, isLow ? bound : null, isLow ? null : bound, written);
      return { kind: 'field', name: field.name, test };
    }
    const { from } = this.#s.rest();
    const isLowIn = this.#s.take('[');
    if (!isLowIn && !this.#s.take('{')) return undefined;
    const low = this.#bound(field, isLowIn);
    if (!this.#s.takeKeyword('to'))
      refuse('filter.syntax', 'A range is written like [1000 TO 5000].', this.#s.rest());
    const highText = this.#value(']}');
    const isHighIn = this.#s.take(']');
    if (!isHighIn && !this.#s.take('}'))
      refuse('filter.syntax', 'This range is never closed.', { from, to: this.#s.at });
    const high = boundOf(field, highText, isHighIn);
    const whole = { text: '', isPlain: true, from, to: this.#s.at };
    return { kind: 'field', name: field.name, test: readRange(field, low, high, whole) };
  }

  #bound(field: KnownField, isInclusive: boolean) {
    return boundOf(field, this.#value(']}'), isInclusive);
  }

  /** One value, or a list of them of which any may hold. */
  #values(name: Written, testOfOne: (written: Written) => Filter): Filter {
    const { from } = this.#s.rest();
    if (this.#s.text[this.#s.at] !== '(') return testOfOne(this.#value(''));
    this.#s.take('(');
    const of: Filter[] = [];
    while (!this.#s.take(')')) {
      if (this.#s.isAtEnd)
        refuse('filter.syntax', `The list of ${name.text} is never closed.`, { from, to: from + 1 });
      if (of.length > 0) this.#s.take(',') || this.#s.takeKeyword('or');
      of.push(testOfOne(this.#value(',')));
    }
    if (of.length === 0) refuse('filter.syntax', 'This list is empty.', { from, to: this.#s.at });
    return of.length === 1 ? (of[0] as Filter) : { kind: 'any', of };
  }

  #value(ends: string): Written {
    const { from, to } = this.#s.rest();
    const written = this.#s.takeText(ends);
    if (written === undefined) return refuse('filter.syntax', 'Here a value is missing.', { from, to });
    this.#count(written);
    return written;
  }

  #count(at: Written): void {
    if (++this.#terms > maxFilterTerms)
      refuse('filter.too_large', `A filter holds at most ${maxFilterTerms} values.`, at);
  }

  #unexpected(): never {
    const rest = this.#s.rest();
    if (rest.text === '') return refuse('filter.syntax', 'Something is missing at the end.', rest);
    return refuse('filter.syntax', `${rest.text} is not expected here.`, rest);
  }
}

function boundOf(field: KnownField, written: Written, isInclusive: boolean) {
  return written.text === '*' ? null : { value: readNumber(field, written), isInclusive };
}

function testOf(field: KnownField, written: Written): Filter {
  return { kind: 'field', name: field.name, test: readValue(field, written) };
}

/** Event types by name, wildcards taken. */
function readTypes(written: Written): Filter {
  const pattern = readPattern(written);
  const fits = wildcardTest(pattern);
  const types = Object.keys(eventSpecs).filter((type) => fits(type));
  if (types.length === 0 && literalOf(pattern) !== undefined)
    refuse(
      'filter.value',
      `There is no event type ${written.text}.`,
      written,
      namesNear(written.text, Object.keys(eventSpecs)),
    );
  return { kind: 'types', types };
}
