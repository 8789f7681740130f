import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import type { StatusJson } from '../../api/json/status.ts';
import { makeKeyFile, rotateKeyFile, turnOffKeyFile } from '../../encryption/key-ring.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

interface FileOptions {
  readonly json?: boolean;
}

function tell(
  options: FileOptions,
  told: { readonly file: string; readonly key?: string },
  words: string,
): void {
  if (options.json) printJson(told);
  else print(words);
}

const name = (key: string | null) => key ?? 'in the clear';

export function encryptionCommand(): Command {
  const command = new Command('encryption')
    .description('encryption of what the collector stores')
    .addHelpText(
      'after',
      `
Start the collector with --encryption-key-file FILE (or the setting encryptionKeyFile) and what it stores of hosts is
encrypted by AES-256-GCM. A running collector takes up a changed file within seconds and writes what is stored again
under the new key. Whoever has the file can read the store, and nobody can without it: keep a copy elsewhere.`,
    );
  command
    .command('keygen <file>')
    .description('make a key file with one new key; refuses to replace one')
    .option('--json', 'print JSON')
    .action(async (file: string, options: FileOptions) => {
      const { existsSync } = await import('node:fs');
      if (existsSync(file))
        throw new VedetteError(
          'usage.invalid',
          `${file} is there already; \`encryption rotate\` adds a key.`,
        );
      const key = makeKeyFile(file);
      tell(options, { file, key }, `${file} holds key ${key}. Keep a copy of it elsewhere.`);
    });
  command
    .command('rotate <file>')
    .description('put a new key before the others')
    .option('--json', 'print JSON')
    .action((file: string, options: FileOptions) => {
      const key = rotateKeyFile(file);
      tell(
        options,
        { file, key },
        `Key ${key} is in force now. The others are needed until \`vedette encryption status\` shows nothing under them.`,
      );
    });
  command
    .command('off <file>')
    .description('encrypt nothing from now on; the keys stay in the file')
    .option('--json', 'print JSON')
    .action((file: string, options: FileOptions) => {
      turnOffKeyFile(file);
      tell(
        options,
        { file },
        'What is stored will be written again in the clear. The keys are needed until that is done.',
      );
    });
  addQueryOptions(
    command.command('status').description('the key in force, and what is stored under which'),
  ).action(async (options: QueryOptions) => {
    const { encryption } = (await clientOf(options).get<StatusJson>('/status')).storage;
    if (options.json) return printJson(encryption);
    print(
      encryption.key === null
        ? 'What is stored from now on is not encrypted.'
        : `Key ${encryption.key} is in force.`,
    );
    if (encryption.isPending) print('Alerts and answers are still being written again under it.');
    if (encryption.stored.length === 0) return;
    printTable(
      [
        { title: 'key', of: (use) => name(use.key), flexible: true },
        { title: 'segments', align: 'right', of: (use) => String(use.segments) },
        { title: 'batches of the journal', align: 'right', of: (use) => String(use.batches) },
      ],
      encryption.stored,
      'Nothing is stored.',
    );
  });
  return command;
}
