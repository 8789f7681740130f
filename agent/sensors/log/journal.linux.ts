import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AuthLine } from './auth-lines.linux.ts';

/** Bytes of one entry; a longer one is left out. */
const maxEntryBytes = 256 * 1024;
/** How long to wait before journalctl is started again after it ended by itself. */
const restartMs = 60_000;
/** Programs are believed by the path the kernel vouches for only when it lies in a folder of the system. */
const systemFolders = /^\/(?:usr|bin|sbin|lib|nix|gnu)\//;

/** Follows the authentication entries of the systemd journal (facilities auth and authpriv) through journalctl(1). */
export class JournalFollower {
  readonly #onLine: (line: AuthLine) => void;
  #child: ChildProcess | undefined;
  #endedAtMs = -Infinity;
  #closed = false;

  constructor(onLine: (line: AuthLine) => void) {
    this.#onLine = onLine;
  }

  /** True when a journal daemon listens on this host. */
  static available(runRoot: string): boolean {
    return existsSync(join(runRoot, 'systemd/journal/socket'));
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Starts journalctl unless it runs, was closed, or ended a moment ago. */
  start(): void {
    if (this.#closed || this.#child !== undefined || Date.now() - this.#endedAtMs < restartMs) return;
    const args = ['--output=json', '--follow', '--since=now', '--lines=0', '--quiet'];
    const matches = ['SYSLOG_FACILITY=4', 'SYSLOG_FACILITY=10'];
    const child = spawn('journalctl', [...args, ...matches], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    const ended = () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#endedAtMs = Date.now();
    };
    child.once('error', ended);
    child.once('close', ended);
    let rest = Buffer.alloc(0);
    let skipping = false;
    child.stdout.on('data', (chunk: Buffer) => {
      let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a)) {
        if (!skipping) this.#entry(data.toString('utf8', 0, end));
        skipping = false;
        data = data.subarray(end + 1);
      }
      skipping ||= data.length > maxEntryBytes;
      rest = skipping ? Buffer.alloc(0) : Buffer.from(data);
    });
  }

  /** Ends journalctl; nothing is given on afterwards. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  #entry(text: string): void {
    const line = this.#closed ? undefined : parseJournalEntry(text);
    if (line !== undefined) this.#onLine(line);
  }
}

/**
 * One entry of `journalctl -o json` (systemd.journal-fields(7)). The program is named by `_EXE`, which the journal
 * takes from the kernel, where that is there: anybody may write entries that call themselves sshd.
 */
export function parseJournalEntry(text: string): AuthLine | undefined {
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
  const program = programOf(textOf(fields['_EXE']), textOf(fields['SYSLOG_IDENTIFIER']));
  if (!Number.isSafeInteger(at) || at <= 0 || message === undefined || program === undefined)
    return undefined;
  const pid = Number(fields['_PID'] ?? fields['SYSLOG_PID']);
  return { at, program, message, pid: Number.isSafeInteger(pid) && pid > 0 ? pid : undefined };
}

function programOf(executable: string | undefined, identifier: string | undefined): string | undefined {
  if (executable === undefined) return identifier;
  return systemFolders.test(executable) ? basename(executable) : undefined;
}

/** Text, or an array of bytes where the entry is not UTF-8. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || !value.every((byte) => typeof byte === 'number')) return undefined;
  return Buffer.from(value).toString('utf8');
}
