import { type Comparison, comparisons } from './compare.ts';
import type { Test } from './test.ts';

/** What can be taken out of a date, with its least and greatest number. */
export const timeParts = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  /** ISO 8601: week 1 holds the first Thursday of the year. */
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
} as const satisfies Record<string, readonly [number, number]>;
export type TimePart = keyof typeof timeParts;

const dayMs = 86_400_000;

/** Numbers from here on are no longer seconds since the epoch but milliseconds, microseconds, nanoseconds. */
const steps = [
  [1e17, 1e-6],
  [1e14, 1e-3],
  [1e11, 1],
] as const;

const isoForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(?:Z|UTC|([+-])(\d{2}):?(\d{2}))?$/i;

/**
 * The instant a value stands for, in milliseconds since the epoch; undefined when it is no date. Takes ISO 8601 text
 * (UTC where it names no offset) and numbers since the epoch in seconds, milliseconds, microseconds or nanoseconds,
 * told apart by size.
 */
export function instantMsOf(value: string): number | undefined {
  const text = value.trim();
  if (text === '' || text.length > 64) return undefined;
  const number = Number(text);
  if (!Number.isNaN(number)) return msOfNumber(number);
  const iso = isoForm.exec(text);
  if (iso === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', , sign, offHours, offMinutes] = iso;
  const ms = Date.UTC(+year!, +month! - 1, +day!, +hour, +minute, +second);
  const real = new Date(ms).getUTCMonth() === +month! - 1 && +hour < 24 && +minute < 60 && +second < 61;
  if (!real) return undefined;
  const offsetMs = sign === undefined ? 0 : (+offHours! * 60 + +offMinutes!) * 60_000;
  return sign === '-' ? ms + offsetMs : ms - offsetMs;
}

function msOfNumber(number: number): number | undefined {
  const step = steps.find(([from]) => Math.abs(number) >= from);
  const ms = number * (step?.[1] ?? 1000);
  return Math.abs(ms) <= 8.64e15 ? ms : undefined;
}

/** The number of a part of an instant, in UTC. */
export function timePartOf(part: TimePart, ms: number): number {
  const date = new Date(ms);
  switch (part) {
    case 'minute':
      return date.getUTCMinutes();
    case 'hour':
      return date.getUTCHours();
    case 'day':
      return date.getUTCDate();
    case 'week':
      return isoWeekOf(date);
    case 'month':
      return date.getUTCMonth() + 1;
    case 'year':
      return date.getUTCFullYear();
  }
}

/** The week is that of its Thursday, counted from the first of January of the Thursday's year. */
function isoWeekOf(date: Date): number {
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = Math.floor(date.getTime() / dayMs) - weekday + 3;
  const yearStart = Date.UTC(new Date(thursday * dayMs).getUTCFullYear(), 0, 1) / dayMs;
  return Math.floor((thursday - yearStart) / 7) + 1;
}

/** Compares a part of the date the value is; a value that is no date fails. */
export function timePartTest(part: TimePart, how: Comparison, bound: number): Test {
  const compare = comparisons[how];
  return {
    key: `${part} ${how} ${bound}`,
    hint: { by: 'scan' },
    holds: ({ text: value }) => {
      const ms = instantMsOf(value);
      return ms !== undefined && compare(timePartOf(part, ms), bound);
    },
  };
}
