import { Command, InvalidArgumentError } from 'commander';
import {
  decodeDocument,
  encodeDocument,
  type RoleName,
  type Root,
  type RootKey,
  readRoot,
  roleNames,
  type SignedDocument,
  withSignature,
} from '#shared/bundle/index.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { RootJson } from '../../api/json/bundle.ts';
import { readKeyFile } from '../../bundles/key-file.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions } from '../options.ts';
import {
  type Assignment,
  emptyRoot,
  rootDocument,
  withKey,
  withoutKey,
  withThreshold,
} from '../rules/edit-root.ts';
import { readRootFile, writeRootFile } from '../rules/files.ts';
import { addPassphraseOption, type PassphraseOptions, passphraseOf } from '../rules/passphrase.ts';

interface Common {
  readonly json?: boolean;
}

interface NewRoot extends Common {
  readonly output: string;
  readonly key?: readonly Assignment[];
  readonly threshold?: readonly Assignment[];
  readonly expires: number;
  readonly after?: string;
}

const yearS = 365 * 86_400;
const lifeOf = lifeSeconds(60, 20 * yearS);

function assignment(text: string, before: readonly Assignment[] = []): readonly Assignment[] {
  const [, role, value] = /^([a-z]+)=(.+)$/s.exec(text) ?? [];
  if (!roleNames.includes(role as RoleName) || value === undefined)
    throw new InvalidArgumentError(`It must be like ROLE=VALUE; roles are ${roleNames.join(', ')}.`);
  return [...before, { role: role as RoleName, value }];
}

function init(options: NewRoot): void {
  const { after, key = [], threshold = [] } = options;
  const before = after === undefined ? undefined : readRoot(readRootFile(after).signed);
  const empty = emptyRoot((before?.version ?? 0) + 1, endOf(options.expires));
  const root = threshold.reduce(withThreshold, key.reduce(withKey, empty));
  save(options.output, rootDocument(root), options);
}

/** Microseconds, to the second. */
function endOf(lifeS: number): number {
  return (Math.floor(Date.now() / 1000) + lifeS) * 1e6;
}

function save(path: string, document: SignedDocument, options: Common): void {
  writeRootFile(path, document);
  show(document, options);
}

function show(document: SignedDocument, options: Common): void {
  const root = readRoot(document.signed);
  const signers = document.signatures.map(({ keyId }) => keyId);
  if (options.json) {
    printJson({ ...root, expiresAt: new Date(root.expiresAt / 1000).toISOString(), signers });
    return;
  }
  const roles = roleNames.map(
    (name) => `${name} ${root.roles[name].threshold} of ${root.roles[name].keyIds.length}`,
  );
  print(`Root ${root.version}, until ${new Date(root.expiresAt / 1000).toISOString()}: ${roles.join(', ')}`);
  printTable<[string, RootKey]>(
    [
      { title: 'key', of: ([id]) => id.slice(0, 16) },
      { title: 'name', of: ([, key]) => key.name, flexible: true },
      {
        title: 'roles',
        of: ([id]) => roleNames.filter((name) => root.roles[name].keyIds.includes(id)).join(', '),
      },
      { title: '', of: ([, key]) => (key.isOnline ? 'online' : '') },
      { title: '', of: ([id]) => (signers.includes(id) ? 'signed' : '') },
    ],
    Object.entries(root.keys),
    'It has no key.',
  );
  const strangers = signers.filter((id) => root.keys[id] === undefined);
  if (strangers.length > 0)
    print(`Signed by keys of before: ${strangers.map((id) => id.slice(0, 16)).join(', ')}`);
}

function change(path: string, work: (root: Root) => Root, options: Common): void {
  save(path, rootDocument(work(readRoot(readRootFile(path).signed))), options);
}

async function current(options: QueryOptions & { readonly output?: string }): Promise<void> {
  const root = await clientOf(options).get<RootJson>('/rules/root');
  const document = decodeDocument(Buffer.from(root.document), 'the root');
  if (options.output !== undefined) writeRootFile(options.output, document);
  show(document, options);
  if (options.json) return;
  if (root.online.length > 0)
    print(`The collector itself holds keys that count, "online keys": ${root.online.join(', ')}.`);
  else print('The collector itself holds no key that counts.');
}

async function install(path: string, options: QueryOptions): Promise<void> {
  const document = Buffer.from(encodeDocument(readRootFile(path))).toString();
  const root = await clientOf(options).call<RootJson>('POST', '/rules/root', {}, { document });
  if (options.json) printJson(root);
  else print(printable(`Root ${root.version} is trusted; online keys: ${root.online.join(', ') || 'none'}.`));
}

async function sign(
  path: string,
  options: Common & PassphraseOptions & { readonly key: string },
): Promise<void> {
  const document = readRootFile(path);
  readRoot(document.signed);
  const { key } = await readKeyFile(options.key, () => passphraseOf(options, options.key));
  save(path, withSignature(document, 'root', key), options);
}

export function rulesRootCommand(): Command {
  const root = new Command('root').description(
    'the root: which keys may sign bundles of rules, and how many must',
  );
  const json = (command: Command) => command.option('--json', 'print one JSON document');
  addQueryOptions(root.command('show').description('the root the collector trusts'))
    .option('--output <file>', 'write it into a file')
    .action(current);
  json(root.command('init').description('make a root of new keys'))
    .requiredOption('--output <file>', 'the file of the root')
    .option(
      '--key <role=file.pub>',
      'give a key a role: root, signing or expiry; repeat for more',
      assignment,
    )
    .option('--threshold <role=n>', 'how many keys of a role must sign (default: 1)', assignment)
    .option('--expires <time>', 'how long it lasts, e.g. 365d', lifeOf, yearS)
    .option('--after <file>', 'the root it comes after (default: none, it is the first)')
    .action(init);
  json(root.command('rotate').description('make the root that comes next, with the same keys'))
    .argument('<file>', 'the root there is')
    .requiredOption('--output <file>', 'the file of the next')
    .option('--expires <time>', 'how long it lasts, e.g. 365d', lifeOf, yearS)
    .action((file: string, options: NewRoot) => {
      const before = readRoot(readRootFile(file).signed);
      const next = { ...before, version: before.version + 1, expiresAt: endOf(options.expires) };
      save(options.output, rootDocument(next), options);
    });
  json(root.command('add-key').description('give a key a role, in a root that is not signed yet'))
    .argument('<file>', 'the root')
    .argument('<role=file.pub>', 'role and public key', assignment)
    .action((file: string, [one]: readonly Assignment[], options: Common) =>
      change(file, (before) => withKey(before, one!), options),
    );
  json(root.command('remove-key').description('take a role from a key, in a root that is not signed yet'))
    .argument('<file>', 'the root')
    .argument('<role=key>', 'role, and name or beginning of the id of the key', assignment)
    .action((file: string, [one]: readonly Assignment[], options: Common) =>
      change(file, (before) => withoutKey(before, one!), options),
    );
  json(
    root
      .command('threshold')
      .description('set how many keys of a role must sign, in a root that is not signed yet'),
  )
    .argument('<file>', 'the root')
    .argument('<role=n>', 'role and number', assignment)
    .action((file: string, [one]: readonly Assignment[], options: Common) =>
      change(file, (before) => withThreshold(before, one!), options),
    );
  addPassphraseOption(json(root.command('sign').description('add one signature to a root')))
    .argument('<file>', 'the root')
    .requiredOption('--key <file>', 'the private key')
    .action(sign);
  addQueryOptions(
    root.command('install').description('have the collector trust a root; only its keys count then'),
  )
    .argument('<file>', 'the root')
    .action(install);
  return root.addHelpText(
    'after',
    `
A collector begins with a root of its own, whose keys lie in its data folder. To keep the keys elsewhere:

  vedette rules keygen alice; vedette rules keygen bob; …        on machines without a collector
  vedette rules root show --output now.json
  vedette rules root init --after now.json --output next.json \\
    --key root=alice.pub --key root=bob.pub --threshold root=2 --key signing=carol.pub --key expiry=dan.pub
  vedette rules root sign next.json --key alice.key               and bob
  vedette rules root install next.json                            the collector signs it over

Changing a root that was signed takes its signatures off.`,
  );
}
