export type TimePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

const partOf: Readonly<Record<TimePart, (at: Date) => number>> = {
  minute: (at) => at.getUTCMinutes(),
  hour: (at) => at.getUTCHours(),
  day: (at) => at.getUTCDate(),
  week: weekOf,
  month: (at) => at.getUTCMonth() + 1,
  year: (at) => at.getUTCFullYear(),
};

/** The part of a time in UTC; undefined when the text is no time. */
export function timePartOf(text: string, part: TimePart): number | undefined {
  const ms = msOf(text.trim());
  const at = new Date(ms ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : partOf[part](at);
}

/** ISO 8601, or a number since the epoch whose unit its size tells. */
function msOf(text: string): number | undefined {
  if (text === '' || !Number.isNaN(Number(text))) return text === '' ? undefined : msOfNumber(Number(text));
  const parts = /^(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d)?(:\d\d)?([.,]\d{1,9})? ?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (parts === null) return undefined;
  const [, day, minutes = 'T00:00', seconds = ':00', , zone = 'Z'] = parts;
  const offset = zone.replace(/^(...)(\d\d)$/, '$1:$2');
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day!)) return undefined;
  return Date.parse(`${day}${minutes.replace(' ', 'T')}${seconds}${offset}`);
}

function msOfNumber(number: number): number {
  if (!Number.isFinite(number)) return Number.NaN;
  const digits = BigInt(Math.trunc(Math.abs(number))).toString().length;
  if (digits > 17) return number / 1e6;
  if (digits > 14) return number / 1e3;
  return digits > 11 ? number : number * 1e3;
}

/** The week of ISO 8601: the one that holds this day's Thursday, counted in that Thursday's year. */
function weekOf(at: Date): number {
  const day = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()));
  while (day.getUTCDay() !== 4) day.setUTCDate(day.getUTCDate() + (isAfterThursday(day) ? -1 : 1));
  const newYear = Date.UTC(day.getUTCFullYear(), 0, 1);
  return Math.floor((day.getTime() - newYear) / (7 * 86_400_000)) + 1;
}

/** Weeks begin on Monday, so Friday, Saturday and Sunday are after their week's Thursday. */
function isAfterThursday(day: Date): boolean {
  return [5, 6, 0].includes(day.getUTCDay());
}
