import type { AuthLine } from './auth-lines.linux.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayMs = 86_400_000;
const line =
  /^(?:([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)|(\d{4}-\d\d-\d\dT\S{8,24})) \S+ ([^\s:[]{1,64})(?:\[(\d{1,10})\])?: ?(.*)$/s;

/**
 * Takes a line of a syslog file apart, with the time of RFC 3164 (`Nov 20 11:30:01`, local, without a year) or of
 * RFC 3339. `nowMs` decides the year: the latest that is not more than a day ahead. Undefined for other lines.
 */
export function parseSyslogLine(text: string, nowMs: number): AuthLine | undefined {
  const m = line.exec(text);
  if (m === null) return undefined;
  const atMs = m[6] === undefined ? localTime(m, nowMs) : Date.parse(m[6]);
  if (!Number.isFinite(atMs)) return undefined;
  return {
    at: Math.round(atMs) * 1000,
    program: m[7] ?? '',
    pid: m[8] === undefined ? undefined : Number(m[8]),
    message: m[9] ?? '',
  };
}

function localTime(m: RegExpExecArray, nowMs: number): number {
  const [, month = '', day, hour, minute, second] = m;
  const index = months.indexOf(month);
  if (index < 0) return Number.NaN;
  const inYear = (year: number) =>
    new Date(year, index, Number(day), Number(hour), Number(minute), Number(second)).getTime();
  const year = new Date(nowMs).getFullYear();
  const atMs = inYear(year);
  return atMs > nowMs + dayMs ? inYear(year - 1) : atMs;
}
