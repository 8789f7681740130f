import { fail, ok, type Result } from '../errors.ts';
import type { EventRow } from './columns.ts';
import { defaultMax, type EventSpec, type FieldSpec, fieldsOf } from './spec.ts';

const maxInt = 2 ** 52;
const hashPattern = /^(?:[0-9a-f]{2})+$/;

type Value = string | number | boolean | readonly string[];

interface Checker {
  readonly fields: ReadonlyMap<string, FieldSpec>;
  readonly required: readonly string[];
}
const checkers = new WeakMap<EventSpec, Checker>();

function checkerOf(spec: EventSpec): Checker {
  let checker = checkers.get(spec);
  if (checker === undefined) {
    const fields = new Map(Object.entries(fieldsOf(spec)));
    const required = [...fields].filter(([, f]) => f.required === true).map(([name]) => name);
    checker = { fields, required };
    checkers.set(spec, checker);
  }
  return checker;
}

/** Cuts at a UTF-16 boundary that does not split a surrogate pair. */
function cut(text: string, max: number): string {
  const end = max > 0 && (text.charCodeAt(max - 1) & 0xfc00) === 0xd800 ? max - 1 : max;
  return text.slice(0, end);
}

/**
 * A value that is not plain as it is stored, or a word on what is wrong. Lone surrogates become U+FFFD, so that UTF-8
 * round-trips.
 */
function checkValue(value: unknown, field: FieldSpec): { value: Value; cut: boolean } | string {
  switch (field.type) {
    case 'int':
    case 'time':
      return 'is not an integer within ±2^52';
    case 'float':
      return typeof value === 'number' && Number.isFinite(value)
        ? { value, cut: false }
        : 'is not a finite number';
    case 'bool':
      return 'is not true or false';
    case 'keywords': {
      if (!Array.isArray(value) || !value.every((v) => typeof v === 'string'))
        return 'is not a list of strings';
      const most = field.max ?? defaultMax.keywords;
      const long = value.length > most || value.some((v) => v.length > defaultMax.keyword);
      return { value: value.slice(0, most).map((v) => cut(v, defaultMax.keyword).toWellFormed()), cut: long };
    }
    case 'hash':
      if (typeof value !== 'string' || !hashPattern.test(value))
        return 'is not lower-case hex of whole bytes';
      return value.length <= (field.max ?? defaultMax.hash)
        ? { value, cut: false }
        : 'is longer than its bound';
    default: {
      if (typeof value !== 'string') return 'is not a string';
      if (field.values !== undefined && !field.values.includes(value))
        return `is not one of ${field.values.join(', ')}`;
      const most = field.max ?? defaultMax[field.type];
      return { value: cut(value, most).toWellFormed(), cut: value.length > most };
    }
  }
}

/** Whether a value needs no second look: it is of its type, within its bounds and well-formed, as nearly all are. */
function isPlain(value: unknown, field: FieldSpec): boolean {
  switch (field.type) {
    case 'int':
    case 'time':
      return Number.isInteger(value) && Math.abs(value as number) <= maxInt;
    case 'bool':
      return typeof value === 'boolean';
    case 'float':
    case 'keywords':
    case 'hash':
      return false;
    default:
      return (
        typeof value === 'string' &&
        value.length <= (field.max ?? defaultMax[field.type]) &&
        (field.values === undefined || field.values.includes(value)) &&
        value.isWellFormed()
      );
  }
}

/**
 * Checks an event against its declaration. Undefined fields are left out, over-long strings are cut and named in
 * `event.truncated`; a missing required field, an undeclared field or a value of the wrong type is an error
 * (`event.invalid`).
 */
export function checkEvent(spec: EventSpec, event: Readonly<Record<string, unknown>>): Result<EventRow> {
  const { fields, required } = checkerOf(spec);
  if (!Number.isInteger(event['time']) || Math.abs(event['time'] as number) > maxInt) {
    return fail('event.invalid', `${spec.name}: time is not an integer of microseconds.`);
  }
  const row: EventRow = { type: spec.name, time: event['time'] as number };
  const truncated: string[] = [];
  for (const name in event) {
    const raw = event[name];
    if (raw === undefined || name === 'time' || name === 'type') continue;
    const field = fields.get(name);
    if (field === undefined) return fail('event.invalid', `${spec.name}: ${name} is not declared.`);
    if (isPlain(raw, field)) {
      row[name] = raw as Value;
      continue;
    }
    const checked = checkValue(raw, field);
    if (typeof checked === 'string') return fail('event.invalid', `${spec.name}: ${name} ${checked}.`);
    row[name] = checked.value;
    if (checked.cut) truncated.push(name);
  }
  for (const name of required) {
    if (row[name] === undefined) return fail('event.invalid', `${spec.name}: ${name} is missing.`);
  }
  if (truncated.length > 0) row['event.truncated'] = truncated;
  return ok(row);
}
