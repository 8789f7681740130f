import { basename } from 'node:path';
import { maxLineBytes } from '../linux/takes.ts';
import type { LogLine } from './line.ts';

/** Programs are believed by the path the kernel vouches for only when it lies in a folder of the system. */
const systemFolders = /^\/(?:usr|bin|sbin|lib|nix|gnu)\//;

/** Fields asked of journalctl; it always gives the cursor and the times besides. */
export const journalFields = [
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_FACILITY',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  '_PID',
  '_UID',
  '_EXE',
  '_HOSTNAME',
  '_SYSTEMD_UNIT',
] as const;

/**
 * One entry of `journalctl -o json` (systemd.journal-fields(7)); undefined for what is none. `program` is named by
 * `_EXE`, which the journal takes from the kernel, where that is there: anybody may write entries that call
 * themselves sshd.
 */
export function parseJournalEntry(text: string): LogLine | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof entry !== 'object' || entry === null) return undefined;
  const fields = entry as Readonly<Record<string, unknown>>;
  const at = Number(fields['__REALTIME_TIMESTAMP']);
  const message = textOf(fields['MESSAGE']);
  if (!Number.isSafeInteger(at) || at <= 0 || at > 2 ** 52 || message === undefined) return undefined;
  const executable = textOf(fields['_EXE']);
  const identifier = textOf(fields['SYSLOG_IDENTIFIER']);
  const cut = message.length > maxLineBytes;
  return {
    at,
    source: 'journal',
    message: cut ? message.slice(0, maxLineBytes) : message,
    cut,
    identifier: identifier ?? (executable === undefined ? undefined : basename(executable)),
    program: programOf(executable, identifier),
    pid: numberOf(fields['_PID'], 2 ** 31) ?? numberOf(fields['SYSLOG_PID'], 2 ** 31),
    host: textOf(fields['_HOSTNAME']),
    facility: numberOf(fields['SYSLOG_FACILITY'], 23),
    severity: numberOf(fields['PRIORITY'], 7),
    cursor: textOf(fields['__CURSOR']),
    executable,
    userId: textOf(fields['_UID']),
    unit: textOf(fields['_SYSTEMD_UNIT']),
  };
}

function programOf(executable: string | undefined, identifier: string | undefined): string | undefined {
  if (executable === undefined) return identifier;
  return systemFolders.test(executable) ? basename(executable) : undefined;
}

function numberOf(value: unknown, most: number): number | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/** Text; the first of several values; an array of bytes where the value is not UTF-8, as text with U+FFFD. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (typeof value[0] !== 'number') return textOf(value[0]);
  return value.every((byte) => typeof byte === 'number') ? Buffer.from(value).toString('utf8') : undefined;
}
