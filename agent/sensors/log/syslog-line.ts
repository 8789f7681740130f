const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayMs = 86_400_000;

/** What a line in the form of syslog says of itself. */
export interface SyslogLine {
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly host: string;
  /** Program that wrote it, e.g. sshd. */
  readonly identifier: string;
  readonly pid: number | undefined;
  readonly facility: number | undefined;
  readonly severity: number | undefined;
  readonly message: string;
}

/** RFC 3164, also with the time of RFC 3339 and without the priority, as files mostly are. */
const plain =
  /^(?:<(\d{1,3})>)?(?:([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)|(\d{4}-\d\d-\d\dT\S{8,24})) (\S{1,255}) ([^\s:[]{1,64})(?:\[(\d{1,10})\])?: ?(.*)$/s;
/** RFC 5424. Structured data is left with the message. */
const structured =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\S{8,24}) (\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} (?:- ?)?(.*)$/s;
const maxPriority = 191;

/**
 * Takes a line of a syslog file apart. `nowMs` decides the year where the time has none: the latest that is not more
 * than a day ahead. Undefined for other lines.
 */
export function parseSyslogLine(text: string, nowMs: number): SyslogLine | undefined {
  const m = plain.exec(text);
  if (m === null) return text.startsWith('<') ? parseStructured(text) : undefined;
  const at = m[7] === undefined ? localTime(m, nowMs) * 1000 : instant(m[7]);
  if (!Number.isFinite(at)) return undefined;
  return {
    at,
    host: m[8] ?? '',
    identifier: m[9] ?? '',
    pid: m[10] === undefined ? undefined : Number(m[10]),
    ...priority(m[1]),
    message: m[11] ?? '',
  };
}

function parseStructured(text: string): SyslogLine | undefined {
  const m = structured.exec(text);
  const at = instant(m?.[2] ?? '');
  if (m === null || !Number.isFinite(at)) return undefined;
  const [, value, , host = '', identifier = '', pid = '', message = ''] = m;
  return {
    at,
    host,
    identifier,
    pid: /^\d{1,10}$/.test(pid) ? Number(pid) : undefined,
    ...priority(value),
    message,
  };
}

/** Microseconds of a time of RFC 3339, of which the standard library keeps the milliseconds; NaN for others. */
function instant(text: string): number {
  const beyond = /^.{19}\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? '';
  return Date.parse(text) * 1000 + Number(beyond.padEnd(3, '0'));
}

function priority(text: string | undefined): Pick<SyslogLine, 'facility' | 'severity'> {
  const value = Number(text);
  return text === undefined || value > maxPriority
    ? { facility: undefined, severity: undefined }
    : { facility: value >> 3, severity: value & 7 };
}

function localTime(m: RegExpExecArray, nowMs: number): number {
  const [, , month = '', day, hour, minute, second] = m;
  const index = months.indexOf(month);
  if (index < 0) return Number.NaN;
  const inYear = (year: number) =>
    new Date(year, index, Number(day), Number(hour), Number(minute), Number(second)).getTime();
  const year = new Date(nowMs).getFullYear();
  const atMs = inYear(year);
  return atMs > nowMs + dayMs ? inYear(year - 1) : atMs;
}
