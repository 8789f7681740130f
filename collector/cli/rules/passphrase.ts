import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { askHidden, canAsk } from '../prompt.ts';

export interface PassphraseOptions {
  readonly passphraseFile?: string;
}

const leastLength = 10;

export function addPassphraseOption(command: Command): Command {
  return command.option(
    '--passphrase-file <path>',
    'read the passphrase from the first line of a file (default: VEDETTE_PASSPHRASE, else it is asked for)',
  );
}

/** The passphrase of a key that is there. Throws `usage.invalid` where nobody can be asked, `data.unreadable`. */
export async function passphraseOf(options: PassphraseOptions, path: string): Promise<string> {
  return given(options) ?? (await ask(`Passphrase of ${path}: `));
}

/** One for a new key; at a terminal it is asked for twice. Throws `usage.invalid` where it is short. */
export async function newPassphrase(options: PassphraseOptions): Promise<string> {
  const known = given(options);
  const passphrase = known ?? (await ask('Passphrase for the new key: '));
  if (passphrase.length < leastLength)
    throw new VedetteError('usage.invalid', `A passphrase has at least ${leastLength} characters.`);
  if (known === undefined && (await ask('The same again: ')) !== passphrase)
    throw new VedetteError('usage.invalid', 'The two were not the same.');
  return passphrase;
}

function given({ passphraseFile }: PassphraseOptions): string | undefined {
  if (passphraseFile === undefined) return process.env['VEDETTE_PASSPHRASE'];
  try {
    return readFileSync(passphraseFile, 'utf8').split(/\r?\n/, 1)[0] ?? '';
  } catch (error) {
    const detail = `${passphraseFile}: ${(error as Error).message}.`;
    throw new VedetteError('data.unreadable', detail, { cause: error });
  }
}

/** Asks at the terminal without showing what is typed. */
async function ask(question: string): Promise<string> {
  if (canAsk()) return await askHidden(question);
  const detail =
    'There is no terminal to ask for a passphrase: give --passphrase-file or VEDETTE_PASSPHRASE.';
  throw new VedetteError('usage.invalid', detail);
}
