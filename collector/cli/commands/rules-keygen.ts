import { join } from 'node:path';
import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { addPassphraseOption, newPassphrase, type PassphraseOptions } from '../rules/passphrase.ts';

interface Options extends PassphraseOptions {
  readonly output: string;
  readonly plain?: boolean;
  readonly json?: boolean;
}

async function keygen(name: string, options: Options): Promise<void> {
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name))
    throw new VedetteError(
      'usage.invalid',
      'A name has letters, digits, dots, dashes and underscores, at most 64.',
    );
  const { generateKey } = await import('#shared/bundle/index.ts');
  const { publicKeyFileOf, writeKeyFile } = await import('../../bundles/key-file.ts');
  const { writeBytes } = await import('../rules/files.ts');
  const passphrase = options.plain === true ? null : await newPassphrase(options);
  const key = generateKey();
  const privatePath = join(options.output, `${name}.key`);
  const publicPath = join(options.output, `${name}.pub`);
  const known = publicKeyFileOf(key, name);
  writeKeyFile(privatePath, key, name, passphrase);
  writeBytes(publicPath, Buffer.from(`${JSON.stringify(known, null, 2)}\n`));
  const made = { keyId: known.keyId, name, privateKey: privatePath, publicKey: publicPath };
  if (options.json) printJson({ ...made, isLocked: passphrase !== null });
  else {
    print(`Key ${known.keyId}`);
    print(
      `  ${privatePath}  private${passphrase === null ? ', not locked' : ', locked with the passphrase'}`,
    );
    print(`  ${publicPath}  public`);
  }
}

export function rulesKeygenCommand(): Command {
  return addPassphraseOption(
    new Command('keygen')
      .description('make a key that signs bundles of rules')
      .argument('<name>', 'of the key'),
  )
    .option('--output <folder>', 'where the files are made', '.')
    .option('--plain', 'do not lock the private key with a passphrase')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Makes NAME.key, which nobody but you may read, and NAME.pub, which goes into a root (vedette rules root). Make keys on
a machine without a collector, keep them there, and keep a copy in a safe place.`,
    )
    .action(keygen);
}
