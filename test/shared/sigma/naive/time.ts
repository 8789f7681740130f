export type TimePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** The part of a time in UTC; undefined when the text is no time. */
export function timePartOf(text: string, part: TimePart): number | undefined {
  const at = new Date(/^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at.getTime())) return undefined;
  switch (part) {
    case 'minute':
      return at.getUTCMinutes();
    case 'hour':
      return at.getUTCHours();
    case 'day':
      return at.getUTCDate();
    case 'week':
      return weekOf(at);
    case 'month':
      return at.getUTCMonth() + 1;
    case 'year':
      return at.getUTCFullYear();
  }
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
