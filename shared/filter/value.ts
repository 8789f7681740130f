/** Reads what stands after the colon of a field, by what the field holds. */
import type { FieldType } from '../schema/spec.ts';
import { isAny, literalOf, type Part, type Pattern, parsePattern } from '../sigma/pattern.ts';
import { readAddress, readNetwork } from './address.ts';
import type { KnownField } from './fields.ts';
import type { Bound, ValueTest } from './filter.ts';
import { foldText } from './fold-text.ts';
import { readInstant } from './instant.ts';
import { refuse } from './problem.ts';

/** A value as it is written, and where. */
export interface Written {
  readonly text: string;
  /** In single quotes: nothing in it has a meaning of its own. */
  readonly isPlain: boolean;
  readonly from: number;
  readonly to: number;
}

const numeric: readonly FieldType[] = ['int', 'float', 'time'];
/** What `between` takes of texts: few enough digits that every reader makes the same number of them. */
const decimal = /^-?\d{1,15}(?:\.\d{1,9})?$/;
const number = /^-?\d{1,16}(?:\.\d{1,9})?$/;

const only = (field: KnownField, ...types: readonly FieldType[]) =>
  [...field.types].every((type) => types.includes(type));

function foldPart(part: Part): Part {
  return typeof part === 'string' ? foldText(part) : part;
}

/** The text with its wildcards, folded. */
export function readPattern({ text, isPlain }: Pick<Written, 'text' | 'isPlain'>): Pattern {
  return (isPlain ? (text === '' ? [] : [text]) : parsePattern(text)).map(foldPart);
}

/** Whether a text is a decimal number as `between` takes it of texts. */
export function isDecimal(text: string): boolean {
  return decimal.test(text);
}

/** The number or instant that is written; refused when it is neither, or not what the field holds. */
export function readNumber(field: KnownField, written: Written): number {
  const { text } = written;
  if (number.test(text) && Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER) return Number(text);
  const at = field.types.has('time') ? readInstant(text) : undefined;
  if (at !== undefined) return at;
  const wanted = field.types.has('time') ? 'an instant like 2026-01-31T12:00:00Z' : 'a number';
  return refuse('filter.value', `${field.name} is compared with ${wanted}, not with ${text}.`, written);
}

/** The bounds of `field:>n` and `field:[a TO b]`; refused where the field cannot be compared. */
export function readRange(field: KnownField, low: Bound | null, high: Bound | null, at: Written): ValueTest {
  if (only(field, 'bool')) refuse('filter.value', `${field.name} is true or false.`, at);
  return { is: 'between', low, high };
}

/** What `field:value` asks. */
export function readValue(field: KnownField, written: Written): ValueTest {
  const pattern = readPattern(written);
  if (pattern.length > 0 && pattern.every(isAny)) return { is: 'present' };
  if (only(field, ...numeric)) return readNumberValue(field, written, pattern);
  if (only(field, 'bool')) return readBool(field, written);
  return readNetworkValue(field, written) ?? readText(field, pattern);
}

/** Hashes and IPv4 addresses are written one way only, so that comparing them is exact. */
function readText(field: KnownField, pattern: Pattern): ValueTest {
  const text = literalOf(pattern);
  const isOneWay = only(field, 'hash') || (only(field, 'ip') && readAddress(text ?? '')?.family === 4);
  return text !== undefined && isOneWay ? { is: 'exact', text } : { is: 'like', pattern };
}

function readNumberValue(field: KnownField, written: Written, pattern: Pattern): ValueTest {
  if (literalOf(pattern) === undefined) {
    if (only(field, 'int')) return { is: 'like', pattern };
    refuse('filter.value', `${field.name} takes no wildcards; compare it with < and >.`, written);
  }
  const bound = { value: readNumber(field, written), isInclusive: true };
  return { is: 'between', low: bound, high: bound };
}

function readBool(field: KnownField, written: Written): ValueTest {
  const text = written.text.toLowerCase();
  if (text !== 'true' && text !== 'false')
    refuse('filter.value', `${field.name} is true or false.`, written, ['true', 'false']);
  return { is: 'bool', value: text === 'true' };
}

/** Fields of addresses, and lists of them, are told by their type or the end of their name. */
const holdsAddresses = (field: KnownField) =>
  only(field, 'ip') || [field.name, ...field.aliasOf].some((name) => /(?:^|[._])ip$/i.test(name));

function readNetworkValue(field: KnownField, written: Written): ValueTest | undefined {
  const { text, isPlain } = written;
  if (!holdsAddresses(field)) return undefined;
  const network = readNetwork(text);
  if (network !== undefined && (network.family === 6 || text.includes('/'))) return { is: 'within', network };
  if (text.includes('/') && !isPlain)
    refuse('filter.value', `${text} is no network like 10.0.0.0/8.`, written);
  return undefined;
}
