/** What every command line of the product has in common: where the data is, how errors look, how it exits. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { VedetteError } from './errors.ts';

const checkout = join(import.meta.dirname, '..');
const installedFolder = '/var/lib/vedette';

/** `--data`, else VEDETTE_DATA, else `.vedette` in a checkout and /var/lib/vedette installed. Absolute. */
export function dataFolder(option: string | undefined): string {
  const named = option ?? process.env['VEDETTE_DATA'];
  if (named !== undefined && named !== '') return resolve(named);
  return existsSync(join(checkout, 'package-lock.json')) ? join(checkout, '.vedette') : installedFolder;
}

export function addDataOption(command: Command): Command {
  return command.option(
    '--data <dir>',
    'state directory (default: VEDETTE_DATA, else .vedette in a checkout)',
  );
}

/** Control characters of hostile text made visible, so that no name or argument can drive the terminal. */
export function printable(text: string): string {
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0) as number;
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const isHidden =
      (code >= 0x200b && code <= 0x200f) ||
      (code >= 0x2028 && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069);
    out += isControl || isHidden ? `\\u{${code.toString(16)}}` : c;
  }
  return out;
}

/**
 * Runs a command line. Exits 0 when done, 1 when the thing asked for failed, 2 for bad usage. An error is one line
 * on stderr: code, what happened, what to do; with --json an object.
 */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
  }
  // Whoever reads the output has had enough, as `head` has; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, argv.includes('--json'));
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function report(error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const detail = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    return reportKnown(
      new VedetteError('usage.invalid', /[.!?)]$/.test(detail) ? detail : `${detail}.`),
      asJson,
    );
  }
  if (error instanceof VedetteError) return reportKnown(error, asJson);
  const { message, code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ECONNRESET') {
    return reportKnown(new VedetteError('usage.no_collector', `${message}.`), asJson);
  }
  return reportKnown(new VedetteError('internal', `${(error as Error).stack ?? message}`), asJson);
}

function reportKnown(error: VedetteError, asJson: boolean): number {
  process.stderr.write(asJson ? `${JSON.stringify({ error })}\n` : `vedette: ${printable(error.line)}\n`);
  const isUsage = error.code === 'usage.invalid' || error.code.startsWith('filter.');
  return isUsage ? 2 : 1;
}
