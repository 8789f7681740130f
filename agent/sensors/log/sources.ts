import { globSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isRotatedName } from '../linux/rotated.ts';

/** A log file to follow, or a pattern of them. */
export interface LogSource {
  readonly name: string;
  readonly pattern: string;
  /** Read only while none of these is there, since they hold the same lines. */
  readonly unless?: readonly string[];
}

/** Files of one host that are followed. */
export const maxFiles = 256;

/** What syslog daemons write, on Debian and on Red Hat, under the folder of logs. */
export function systemLogs(varRoot: string): readonly LogSource[] {
  const at = (name: string) => join(varRoot, 'log', name);
  const general = [at('syslog'), at('messages')];
  return [
    { name: 'auth', pattern: at('auth.log') },
    { name: 'auth', pattern: at('secure') },
    { name: 'syslog', pattern: at('syslog') },
    { name: 'syslog', pattern: at('messages') },
    { name: 'cron', pattern: at('cron') },
    { name: 'cron', pattern: at('cron.log'), unless: general },
    { name: 'kernel', pattern: at('kern.log'), unless: general },
    { name: 'daemon', pattern: at('daemon.log'), unless: general },
    { name: 'system', pattern: at('system.log'), unless: general },
  ];
}

/**
 * A source of the settings: `name=pattern`, or a pattern alone, which is named by its file without ending. Undefined
 * for an empty pattern.
 */
export function parseSource(text: string): LogSource | undefined {
  const m = /^(?:([\w.-]{1,64})=)?(.+)$/s.exec(text);
  const pattern = m?.[2];
  if (pattern === undefined) return undefined;
  const name =
    m?.[1] ??
    basename(pattern)
      .replace(/[^\w-].*$/, '')
      .slice(0, 64);
  return { name: name === '' ? 'file' : name, pattern };
}

/** Paths a source means now, those that rotation left aside; at most `most`. */
export function pathsOf({ pattern, unless }: LogSource, most: number): readonly string[] {
  if (unless?.some(isThere) === true) return [];
  if (!/[*?[{]/.test(pattern)) return most > 0 ? [pattern] : [];
  try {
    return globSync(pattern)
      .filter((path) => !isRotatedName(basename(path)))
      .sort()
      .slice(0, most);
  } catch {
    return [];
  }
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
