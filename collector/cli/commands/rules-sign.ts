import { Command, Option } from 'commander';
import type { Bundle, Manifest, Root, SignedDocument, Statement } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import { lifeSeconds, wholeNumber } from '../options.ts';
import { addPassphraseOption, type PassphraseOptions, passphraseOf } from '../rules/passphrase.ts';

interface SignOptions extends PassphraseOptions {
  readonly key: string;
  readonly role: 'signing' | 'expiry';
  readonly valid?: number;
  readonly rollbackFrom?: number;
  readonly forceUntested?: boolean;
  readonly json?: boolean;
}

const usualLifeS = 7 * 86_400;

/** The statement there is where it is about this bundle and no new one is asked for, else a new one. */
async function statementOf(
  bundle: Bundle,
  { version }: Manifest,
  options: SignOptions,
): Promise<SignedDocument> {
  const { digestOf, readStatement, statementJson, unsigned } = await import('#shared/bundle/index.ts');
  const digest = digestOf(bundle);
  const { statement } = bundle;
  const wantsNew = options.valid !== undefined || options.rollbackFrom !== undefined;
  if (!wantsNew && statement !== null && readStatement(statement.signed).digest === digest) return statement;
  const now = Date.now();
  const said: Statement = {
    // Grows wherever it is made: see the collector's own.
    version: now,
    bundleVersion: version,
    digest,
    expiresAt: (now + (options.valid ?? usualLifeS) * 1000) * 1000,
    rollbackFrom: options.rollbackFrom ?? 0,
  };
  return unsigned(statementJson(said));
}

async function sign(path: string, options: SignOptions): Promise<void> {
  const { readManifest, withSignature } = await import('#shared/bundle/index.ts');
  const { readKeyFile } = await import('../../bundles/key-file.ts');
  const { demandTested } = await import('../../bundles/demand-sound.ts');
  const { readBundle, writeBundle } = await import('../rules/files.ts');
  const bundle = readBundle(path);
  const manifest = readManifest(bundle.manifest.signed);
  if (options.forceUntested !== true) demandTested(manifest.untested);
  const { key, keyId } = await readKeyFile(options.key, () => passphraseOf(options, options.key));
  const { role } = options;
  const signed: Bundle =
    role === 'signing'
      ? { ...bundle, manifest: withSignature(bundle.manifest, role, key) }
      : { ...bundle, statement: withSignature(await statementOf(bundle, manifest, options), role, key) };
  writeBundle(path, signed);
  const has = (role === 'signing' ? signed.manifest : signed.statement)?.signatures.length ?? 0;
  if (options.json) printJson({ file: path, version: manifest.version, role, keyId, signatures: has });
  else
    print(
      printable(
        `${path}: bundle ${manifest.version} has ${has} signatures for ${role}, the last by ${keyId.slice(0, 16)}`,
      ),
    );
}

interface VerifyOptions {
  readonly root?: string;
  readonly json?: boolean;
}

async function verify(path: string, options: VerifyOptions): Promise<void> {
  const bundles = await import('#shared/bundle/index.ts');
  const { readBundle, readRootFile } = await import('../rules/files.ts');
  const bundle = readBundle(path);
  const first = options.root === undefined ? bundle.roots[0] : readRootFile(options.root);
  if (first === undefined)
    throw new VedetteError(
      'bundle.root_unknown',
      'The bundle brings no root: name the one you trust with --root.',
    );
  const roots = bundle.roots.length > 0 ? bundle.roots : [first];
  const now = Date.now() * 1000;
  const trust = bundles.trustIn(first);
  const rooted = { ...bundle, roots };
  const { manifest, digest, trust: followed } = bundles.verifyContent(rooted, trust, now);
  if (bundle.statement !== null) bundles.openBundle(bundles.encodeBundle(rooted), trust, now);
  const root = bundles.rootOf(followed);
  const statement = bundle.statement === null ? null : bundles.readStatement(bundle.statement.signed);
  const facts = {
    ...{ version: manifest.version, name: manifest.name, digest, files: manifest.files.length },
    ...{ untested: manifest.untested, expiresAt: isoOf(manifest.expiresAt), root: root.version },
    signers: bundles
      .signersOf(bundle.manifest, 'signing', root)
      .map((id) => ({ keyId: id, name: nameIn(root, id) })),
    statement:
      statement === null
        ? null
        : { expiresAt: isoOf(statement.expiresAt), rollbackFrom: statement.rollbackFrom },
    isRootGiven: options.root !== undefined,
  };
  if (options.json) printJson(facts);
  else {
    print(
      printable(
        `${path}: bundle ${facts.version} "${facts.name}", ${facts.files} files, until ${facts.expiresAt}`,
      ),
    );
    print(`digest    ${digest}`);
    print(
      printable(
        `signed by ${facts.signers.map(({ name, keyId }) => `${name} (${keyId.slice(0, 16)})`).join(', ')}`,
      ),
    );
    print(
      `statement ${facts.statement === null ? 'none: a collector with a key for it adds one' : `until ${facts.statement.expiresAt}`}`,
    );
    if (manifest.untested.length > 0) print(printable(`untested  ${manifest.untested.join(', ')}`));
    if (options.root === undefined)
      print('Checked against the root that came with it: compare with one you trust by --root.');
  }
}

const isoOf = (at: number) => new Date(at / 1000).toISOString();
const nameIn = (root: Root, id: string) => root.keys[id]?.name ?? '';

export function rulesSignCommand(): Command {
  return addPassphraseOption(
    new Command('sign')
      .description('add one signature to a bundle; needs no collector')
      .argument('<file>', 'the bundle'),
  )
    .requiredOption('--key <file>', 'the private key')
    .addOption(
      new Option('--role <role>', 'what it signs as').choices(['signing', 'expiry']).default('signing'),
    )
    .option(
      '--valid <time>',
      'with --role expiry: how long it is the one to run, e.g. 7d',
      lifeSeconds(60, 365 * 86_400),
    )
    .option(
      '--rollback-from <n>',
      'with --role expiry: take agents back that run a bundle of up to this version',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option('--force-untested', 'sign although rules have no tests')
    .option('--json', 'print one JSON document')
    .action(sign);
}

export function rulesVerifyCommand(): Command {
  return new Command('verify')
    .description('check the signatures and files of a bundle; exits 1 when it would be refused')
    .argument('<file>', 'the bundle')
    .option('--root <file>', 'the root that is trusted (default: the first that the bundle brings)')
    .option('--json', 'print one JSON document')
    .action(verify);
}
