/** What a value is asked, as SQL; the same answers as text-test.ts gives, character by character. */
import type { Network } from '#shared/filter/address.ts';
import type { Bound, ValueTest } from '#shared/filter/filter.ts';
import type { FieldType } from '#shared/schema/spec.ts';
import type { Pattern } from '#shared/sigma/pattern.ts';
import type { SqlParameters } from './sql-parameters.ts';
import { formOf } from './text-test.ts';

type Range = ValueTest & { readonly is: 'between' };

/** A predicate over the text that an expression gives. */
export type TextSql = (expression: string) => string;

/** As `foldText`: the sigma at the end of words is made the ordinary one where the pattern has one. */
function folded(expression: string, pattern: Pattern): string {
  const hasSigma = pattern.some((part) => typeof part === 'string' && part.includes('σ'));
  return hasSigma ? `replace(lower(${expression}), 'ς', 'σ')` : `lower(${expression})`;
}

/** Without a letter, and so the only text that folds to it: columns are compared as they are, which can be looked up. */
const isCaseless = (pattern: Pattern) =>
  pattern.every((part) => typeof part !== 'string' || /^[^A-Za-z\u0080-\uffff]*$/.test(part));

/** For LIKE with a backslash as its escape. */
function likeText(pattern: Pattern): string {
  return pattern
    .map((part) => {
      if (typeof part === 'string') return part.replace(/[\\%_]/g, '\\$&');
      return part.kind === 'any' ? '%' : '_';
    })
    .join('');
}

function likeSql(pattern: Pattern, parameters: SqlParameters, isFolded: boolean): TextSql {
  const form = formOf(pattern);
  const isAsItIs = isFolded || isCaseless(pattern);
  const of = (expression: string) => (isAsItIs ? expression : folded(expression, pattern));
  const place = parameters.add(form.at === 'pieces' ? likeText(pattern) : form.text);
  switch (form.at) {
    case 'whole':
      return (x) => `${of(x)} = ${place}`;
    case 'start':
      return (x) => `starts_with(${of(x)}, ${place})`;
    case 'end':
      return (x) => `ends_with(${of(x)}, ${place})`;
    case 'anywhere':
      return (x) => `contains(${of(x)}, ${place})`;
    case 'pieces':
      return (x) => `${of(x)} LIKE ${place} ESCAPE '\\'`;
  }
}

const boundSql = (
  expression: string,
  sign: '<' | '>',
  bound: Bound | null,
  place: (value: number) => string,
) => (bound === null ? [] : [`${expression} ${sign}${bound.isInclusive ? '=' : ''} ${place(bound.value)}`]);

function betweenSql(expression: string, { low, high }: Range, place: (value: number) => string): string {
  const parts = [...boundSql(expression, '>', low, place), ...boundSql(expression, '<', high, place)];
  return parts.length === 0 ? `${expression} IS NOT NULL` : `(${parts.join(' AND ')})`;
}

const decimalPattern = '-?[0-9]{1,15}([.][0-9]{1,9})?';

/** Texts that are decimal numbers, as `isDecimal` has it. */
function textBetweenSql(test: Range, parameters: SqlParameters): TextSql {
  const place = (value: number) => `${parameters.add(value)}::DOUBLE`;
  const low = test.low === null ? null : place(test.low.value);
  const high = test.high === null ? null : place(test.high.value);
  return (x) => {
    const number = `TRY_CAST(${x} AS DOUBLE)`;
    const bounds = [
      ...boundSql(number, '>', test.low, () => low as string),
      ...boundSql(number, '<', test.high, () => high as string),
    ];
    const isDecimal = `regexp_full_match(${x}, '${decimalPattern}')`;
    // Only what is a number is compared; the engine may look at the parts of AND in any order.
    return `CASE WHEN ${isDecimal} THEN ${bounds.length === 0 ? 'true' : bounds.join(' AND ')} ELSE false END`;
  };
}

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

/** Numbers that agree with `value` in the leading `bits` of `size`. */
function alike(value: number, bits: number, size: number): readonly number[] {
  const free = 2 ** (size - bits);
  const first = Math.floor(value / free) * free;
  return Array.from({ length: free }, (_, i) => first + i);
}

/** A regular expression for the addresses of an IPv4 network, mapped ones too. */
function dottedPattern({ groups, bits }: Network): string {
  const parts = groups.map((value, i) => {
    const left = bits - 8 * i;
    if (left >= 8) return String(value);
    return left <= 0 ? octet : `(?:${alike(value, left, 8).join('|')})`;
  });
  return `(?:::[fF]{4}:)?${parts.join('[.]')}`;
}

/** How an IPv6 address may be written: groups of hex digits, with or without `::`. */
const hexForm = '[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){7}';
const shortForm = '([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){0,6})?::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){0,6})?';

/** The 32 hex digits of an address of one of these forms. */
function digitsSql(x: string): string {
  const groups = (at: number) =>
    `list_filter(string_split(split_part(${x}, '::', ${at}), ':'), lambda g: g <> '')`;
  const written = `len(${groups(1)}) + len(${groups(2)})`;
  const zeros = `repeat('0', 4 * greatest(0, 8 - (${written}))::INTEGER)`;
  const digits = (at: number) =>
    `array_to_string(list_transform(${groups(at)}, lambda g: lpad(g, 4, '0')), '')`;
  return `lower(${digits(1)} || ${zeros} || ${digits(2)})`;
}

/** A regular expression for the digits of the addresses of an IPv6 network. */
function digitsPattern({ groups, bits }: Network): string {
  const digits = groups.map((value) => value.toString(16).padStart(4, '0')).join('');
  const whole = Math.floor(bits / 4);
  const rest = bits % 4;
  const next =
    rest === 0
      ? ''
      : `[${alike(Number.parseInt(digits[whole] as string, 16), rest, 4)
          .map((digit) => digit.toString(16))
          .join('')}]`;
  return `${digits.slice(0, whole)}${next}[0-9a-f]*`;
}

function withinSql(network: Network, parameters: SqlParameters): TextSql {
  if (network.family === 4) {
    const place = parameters.add(dottedPattern(network));
    return (x) => `regexp_full_match(${x}, ${place})`;
  }
  const place = parameters.add(digitsPattern(network));
  return (x) =>
    `CASE WHEN regexp_full_match(${x}, '(${hexForm})|(${shortForm})') THEN length(${digitsSql(x)}) = 32 AND regexp_full_match(${digitsSql(x)}, ${place}) ELSE false END`;
}

function unfit(test: ValueTest): never {
  throw new Error(`A test ${test.is} does not fit here.`);
}

/** What a test asks of a text. `isFolded` says that the texts are folded already. */
export function textSql(test: ValueTest, parameters: SqlParameters, isFolded: boolean): TextSql {
  switch (test.is) {
    case 'exact': {
      const place = parameters.add(test.text);
      return (x) => `${x} = ${place}`;
    }
    case 'like':
      return likeSql(test.pattern, parameters, isFolded);
    case 'between':
      return textBetweenSql(test, parameters);
    case 'within':
      return withinSql(test.network, parameters);
    default:
      return unfit(test);
  }
}

/** What a test asks of a column of numbers or instants. */
export function numberSql(
  column: string,
  type: FieldType,
  test: ValueTest,
  parameters: SqlParameters,
): string {
  if (test.is === 'like') return likeSql(test.pattern, parameters, true)(`CAST(${column} AS VARCHAR)`);
  if (test.is !== 'between') return unfit(test);
  if (type === 'float') return betweenSql(column, test, (value) => `${parameters.add(value)}::DOUBLE`);
  const place = (value: number) =>
    type === 'time' ? parameters.addInstant(value) : `${parameters.add(BigInt(value))}::BIGINT`;
  return betweenSql(column, wholeBounds(test), place);
}

/** The same range over whole numbers, its bounds whole. */
function wholeBounds({ low, high }: Range): Range {
  return {
    is: 'between',
    low: low === null ? null : wholeBound(low, Math.ceil),
    high: high === null ? null : wholeBound(high, Math.floor),
  };
}

function wholeBound(bound: Bound, round: (value: number) => number): Bound {
  const value = round(bound.value);
  // A bound between two whole numbers takes in the one that it is rounded to.
  return value === bound.value ? bound : { value, isInclusive: true };
}
