import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { printable } from '#shared/terminal.ts';

const names: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const standard = new Set(['level', 'time', 'pid', 'hostname', 'msg']);

function plain(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(entry)
    .filter(([name, value]) => !standard.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const at = new Date(entry['time'] as number).toISOString();
  return printable(`${at} ${names[entry['level'] as number]} ${entry['msg']} ${rest.join(' ')}`.trimEnd());
}

/** Logs to stderr: `json` one object a line for machines, `plain` for people. */
export function createLogger(form: 'json' | 'plain', level: string): Logger {
  if (form === 'json') return pino({ level }, pino.destination(2));
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      process.stderr.write(`${plain(chunk)}\n`);
      done();
    },
  });
  return pino({ level }, stream);
}
