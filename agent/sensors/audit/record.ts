/** One record of the audit system, taken apart. */
export interface AuditRecord {
  /** Type by name, e.g. SYSCALL. */
  readonly type: string;
  /** Microseconds since the epoch; the clock of the kernel gives milliseconds. */
  readonly at: number;
  /** Records of one event share it, together with the time. */
  readonly serial: number;
  /** Values by name, decoded; what auditd adds when it enriches under its upper-case names. */
  readonly fields: ReadonlyMap<string, string>;
  /** As logged, without type, time and what auditd added. */
  readonly body: string;
}

/** Fields of a record that are kept; the kernel writes far fewer but for the arguments of programs. */
const maxFields = 512;
const header = /^(?:node=\S{1,255} )?type=(\S{1,64}) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,15})\): ?/;
/** What auditd appends with `log_format = ENRICHED` stands behind this (auditd.conf(5)). */
const enrichedFrom = '\x1d';
const separator = String.fromCharCode(1);

/**
 * Fields whose text others choose. The kernel and the library write them in double quotes, or in hex without quotes
 * where they hold a quote, a space or control or non-ASCII bytes (audit_log_untrustedstring in kernel/audit.c).
 */
const untrusted = new Set([
  'acct',
  'cmd',
  'comm',
  'cwd',
  'data',
  'dir',
  'exe',
  'file',
  'grp',
  'key',
  'name',
  'new',
  'ocomm',
  'old',
  'path',
  'proctitle',
  'unit',
  'vm',
]);
const argument = /^a\d{1,6}(?:\[\d{1,6}\])?$/;
const absent = new Set(['', '?', '(null)', '(none)', '"(null)"']);

/** Takes a line of audit.log or of the dispatcher's socket apart. Undefined for what is none. */
export function parseAuditRecord(line: string): AuditRecord | undefined {
  const m = header.exec(line);
  if (m === null) return undefined;
  const [whole, type = '', seconds, millis, serial] = m;
  const end = line.indexOf(enrichedFrom, whole.length);
  const body = line.slice(whole.length, end < 0 ? undefined : end);
  const fields = new Map<string, string>();
  collect(body, type, fields);
  if (end >= 0) collect(line.slice(end + 1), '', fields);
  return { type, at: (Number(seconds) * 1000 + Number(millis)) * 1000, serial: Number(serial), fields, body };
}

/** Puts `name=value` pairs into the map; the first of a name counts. Programs put theirs within `msg='…'`. */
function collect(text: string, type: string, fields: Map<string, string>): void {
  let at = 0;
  while (at < text.length && fields.size < maxFields) {
    const equals = text.indexOf('=', at);
    if (equals < 0) return;
    const name = text.slice(text.lastIndexOf(' ', equals) + 1, equals);
    const from = equals + 1;
    const to = endOfValue(text, from);
    const raw = text.slice(from, to);
    at = Math.max(to, from);
    if (raw.startsWith("'")) collect(raw.slice(1, raw.endsWith("'") ? -1 : undefined), type, fields);
    else if (name !== '' && !fields.has(name) && !absent.has(raw)) fields.set(name, decoded(name, raw, type));
  }
}

/** Where a value ends: at its quote or brace, else before the next space. What is not closed reaches to the end. */
function endOfValue(text: string, from: number): number {
  const closes = { '"': '"', "'": "'", '{': '}' }[text[from] ?? ''];
  // What programs say may hold quotes of its own; theirs is the last.
  const end =
    closes === "'" ? text.lastIndexOf("'") : closes === undefined ? -1 : text.indexOf(closes, from + 1);
  if (closes !== undefined) return end > from ? end + 1 : text.length;
  const space = text.indexOf(' ', from);
  return space < 0 ? text.length : space;
}

function decoded(name: string, raw: string, type: string): string {
  if (raw.startsWith('"')) return raw.slice(1, raw.endsWith('"') && raw.length > 1 ? -1 : undefined);
  const encoded = untrusted.has(name) || (type === 'EXECVE' && argument.test(name));
  if (!encoded || raw.length % 2 !== 0 || !/^[0-9A-F]+$/i.test(raw)) return raw;
  // Arguments are put together from pieces before they are text, which may be divided within a character.
  if (name.includes('[')) return raw;
  return Buffer.from(raw, 'hex').toString('utf8');
}

/** Keys of audit rules: one field, several of them joined by a byte of 1. */
export function keysOf(record: AuditRecord): readonly string[] | undefined {
  const text = record.fields.get('key');
  return text?.split(separator).filter((key) => key !== '');
}

/** A whole number written in decimal; undefined for anything else. */
export function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
