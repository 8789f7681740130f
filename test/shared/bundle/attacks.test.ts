/** Everything that may be done to a bundle on its way, each refused with its code. */
import { test } from 'tap';
import { canonicalText, type JsonObject } from '#shared/bundle/canonical.ts';
import {
  type Bundle,
  digestOf,
  encodeBundle,
  openBundle,
  type SignedDocument,
  statementJson,
  type Trust,
  unsigned,
} from '#shared/bundle/index.ts';
import type { ErrorCode } from '#shared/errors.ts';
import {
  bundleOf,
  bytesOf,
  day,
  filesOf,
  firstRoles,
  idOf,
  keys,
  now,
  role,
  root1,
  rootOfKeys,
  signed,
  signedRoot,
  texts,
  trust,
} from './scene.ts';

interface Attack {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  readonly code: ErrorCode;
  readonly trust?: Trust;
  /** Microseconds. */
  readonly at?: number;
}

/** The bytes of a bundle whose head is whatever is given. */
function withHead(head: string, content: Uint8Array = new Uint8Array(), headBytes?: number): Uint8Array {
  const text = Buffer.from(head);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(headBytes ?? text.length);
  return Buffer.concat([Buffer.from('VDTBNDL\x01', 'latin1'), length, text, content]);
}

/** A bundle under whose manifest the right keys have signed whatever it is. */
function withManifest(change: (manifest: Record<string, unknown>) => void, content?: Uint8Array): Uint8Array {
  const bundle = bundleOf();
  const manifest = JSON.parse(bundle.manifest.signed) as Record<string, unknown>;
  change(manifest);
  return signedAnew(bundle, canonicalText(manifest as JsonObject), content);
}

function signedAnew(bundle: Bundle, text: string, content = bundle.content): Uint8Array {
  const manifest = signed({ signed: text, signatures: [] }, 'signing', ['sign1', 'sign2']);
  const said = {
    version: 10,
    bundleVersion: 3,
    digest: digestOf({ manifest }),
    expiresAt: now + day,
    rollbackFrom: 0,
  };
  const statement = signed(unsigned(statementJson(said)), 'expiry', ['expiry1']);
  return encodeBundle({ ...bundle, manifest, statement, content });
}

function withPaths(...paths: string[]): Uint8Array {
  return withManifest((manifest) => {
    const file = { sizeBytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
    manifest['files'] = paths.map((path) => ({ path, ...file }));
  }, new Uint8Array());
}

const second = rootOfKeys(2, {
  root: role(['root1', 'root3'], 2),
  signing: role(['sign4', 'sign5'], 2),
  expiry: role(['expiry2'], 1),
});
const root2 = signedRoot(second, ['root1', 'root2', 'root3']);
const afterFirst = openBundle(bytesOf(), trust, now).trust;
const withdrawn = signedRoot(rootOfKeys(2, { ...firstRoles, signing: role(['sign2', 'sign3'], 2) }), [
  'root1',
  'root2',
]);
const strangers = signedRoot(
  rootOfKeys(1, {
    root: role(['stranger'], 1),
    signing: role(['stranger'], 1),
    expiry: role(['stranger'], 1),
  }),
  ['stranger'],
);

function twice(document: SignedDocument, name: string): SignedDocument {
  const one = document.signatures.find(({ keyId }) => keyId === idOf(name))!;
  return { ...document, signatures: [one, one] };
}

function manifestSignedAs(as: 'root' | 'expiry', names: readonly string[]): Uint8Array {
  const bundle = bundleOf();
  const manifest = signed(unsigned(JSON.parse(bundle.manifest.signed) as JsonObject), as, names);
  return encodeBundle({ ...bundle, manifest });
}

const oneByte = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
};

const attacks: readonly Attack[] = [
  { name: 'nothing at all', bytes: () => new Uint8Array(), code: 'bundle.truncated' },
  {
    name: 'another kind of file',
    bytes: () => Buffer.from('PK\x03\x04 and so on'),
    code: 'bundle.malformed',
  },
  { name: 'no signature on the manifest', bytes: () => bytesOf({ signers: [] }), code: 'bundle.signature' },
  { name: 'one signature of two', bytes: () => bytesOf({ signers: ['sign1'] }), code: 'bundle.signature' },
  {
    name: 'signed by strangers',
    bytes: () => bytesOf({ signers: ['stranger', 'sign4'] }),
    code: 'bundle.signature',
  },
  {
    name: 'one key signed twice for a threshold of two',
    bytes: () => {
      const bundle = bundleOf();
      return encodeBundle({ ...bundle, manifest: twice(bundle.manifest, 'sign1') });
    },
    code: 'bundle.malformed',
  },
  {
    name: "one key's signature under the name of another",
    bytes: () => {
      const bundle = bundleOf({ signers: ['sign1'] });
      const one = bundle.manifest.signatures[0]!;
      const signatures = [one, { ...one, keyId: idOf('sign2') }].sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
      return encodeBundle({ ...bundle, manifest: { ...bundle.manifest, signatures } });
    },
    code: 'bundle.signature',
  },
  {
    name: 'signatures of another manifest',
    bytes: () => {
      const bundle = bundleOf();
      const { signatures } = bundleOf({ facts: { name: 'other' } }).manifest;
      return encodeBundle({ ...bundle, manifest: { ...bundle.manifest, signatures } });
    },
    code: 'bundle.signature',
  },
  {
    name: 'the manifest of another bundle',
    bytes: () => encodeBundle({ ...bundleOf(), manifest: bundleOf({ facts: { name: 'other' } }).manifest }),
    code: 'bundle.mixed',
  },
  {
    name: 'the files of another bundle',
    bytes: () =>
      encodeBundle({
        ...bundleOf(),
        content: bundleOf({ texts: { ...texts, 'rules/a.yml': 'title: X\n' } }).content,
      }),
    code: 'bundle.file_changed',
  },
  {
    name: 'two files swapped',
    bytes: () => {
      const bundle = bundleOf({ texts: { 'rules/a.yml': 'title: A\n', 'rules/b.yml': 'title: B\n' } });
      const { content } = bundle;
      return encodeBundle({
        ...bundle,
        content: Buffer.concat([content.subarray(9), content.subarray(0, 9)]),
      });
    },
    code: 'bundle.file_changed',
  },
  {
    name: 'one byte of a file',
    bytes: () => oneByte(bytesOf(), bytesOf().length - 1),
    code: 'bundle.file_changed',
  },
  {
    name: 'a byte more',
    bytes: () => Buffer.concat([bytesOf(), Buffer.from('x')]),
    code: 'bundle.malformed',
  },
  { name: 'a byte less', bytes: () => bytesOf().subarray(0, -1), code: 'bundle.truncated' },
  { name: 'past its end', bytes: () => bytesOf(), at: now + 90 * day, code: 'bundle.expired' },
  {
    name: 'past the end of its statement',
    bytes: () => bytesOf(),
    at: now + 7 * day,
    code: 'bundle.statement_expired',
  },
  {
    name: 'past the end of its root',
    bytes: () =>
      bytesOf({ facts: { expiresAt: now + 900 * day }, statement: { expiresAt: now + 900 * day } }),
    at: now + 365 * day,
    code: 'bundle.root_expired',
  },
  {
    name: 'no statement',
    bytes: () => encodeBundle({ ...bundleOf(), statement: null }),
    code: 'bundle.statement_missing',
  },
  { name: 'an unsigned statement', bytes: () => bytesOf({ expiry: [] }), code: 'bundle.signature' },
  {
    name: "a stranger's statement",
    bytes: () => bytesOf({ expiry: ['stranger'] }),
    code: 'bundle.signature',
  },
  {
    name: 'the statement of another bundle',
    bytes: () => encodeBundle({ ...bundleOf(), statement: bundleOf({ facts: { version: 9 } }).statement }),
    code: 'bundle.mixed',
  },
  {
    name: 'a statement with another version',
    bytes: () => bytesOf({ statement: { bundleVersion: 9 } }),
    code: 'bundle.mixed',
  },
  {
    name: 'an older bundle, its old statement replayed',
    bytes: () => bytesOf({ facts: { version: 2 }, statement: { version: 9 } }),
    trust: afterFirst,
    code: 'bundle.statement_older',
  },
  {
    name: 'an older bundle with a new statement that is no decision to go back',
    bytes: () => bytesOf({ facts: { version: 2 }, statement: { version: 11 } }),
    trust: afterFirst,
    code: 'bundle.older',
  },
  {
    name: 'a decision to go back from an earlier bundle than this',
    bytes: () => bytesOf({ facts: { version: 1 }, statement: { version: 11, rollbackFrom: 2 } }),
    trust: afterFirst,
    code: 'bundle.older',
  },
  {
    name: 'another statement of the version that was seen',
    bytes: () => bytesOf({ statement: { expiresAt: now + 8 * day } }),
    trust: afterFirst,
    code: 'bundle.statement_older',
  },
  {
    name: 'a newer bundle with a replayed statement version',
    bytes: () => bytesOf({ facts: { version: 4 }, statement: { version: 10 } }),
    trust: afterFirst,
    code: 'bundle.statement_older',
  },
  {
    name: 'another bundle of the version that was taken',
    bytes: () => bytesOf({ facts: { name: 'other' }, statement: { version: 11 } }),
    trust: afterFirst,
    code: 'bundle.version_reused',
  },
  { name: 'no root', bytes: () => bytesOf({ roots: [] }), code: 'bundle.root_unknown' },
  {
    name: 'the root of someone else',
    bytes: () => bytesOf({ roots: [strangers] }),
    code: 'bundle.root_unknown',
  },
  {
    name: 'everything by someone else',
    bytes: () => bytesOf({ roots: [strangers], signers: ['stranger'], expiry: ['stranger'] }),
    code: 'bundle.root_unknown',
  },
  {
    name: 'half a rotation: signed by the new keys only',
    bytes: () =>
      bytesOf({
        roots: [root1, signedRoot(second, ['root1', 'root3'])],
        signers: ['sign4', 'sign5'],
        expiry: ['expiry2'],
      }),
    code: 'bundle.root_rotation',
  },
  {
    name: 'half a rotation: signed by the old keys only',
    bytes: () =>
      bytesOf({
        roots: [root1, signedRoot(second, ['root1', 'root2'])],
        signers: ['sign4', 'sign5'],
        expiry: ['expiry2'],
      }),
    code: 'bundle.root_rotation',
  },
  {
    name: 'a root that leaves a version out',
    bytes: () =>
      bytesOf({ roots: [root1, signedRoot({ ...second, version: 3 }, ['root1', 'root2', 'root3'])] }),
    code: 'bundle.malformed',
  },
  {
    name: 'roots that begin too late',
    bytes: () => bytesOf({ roots: [signedRoot({ ...second, version: 3 }, ['root1', 'root2', 'root3'])] }),
    code: 'bundle.root_unknown',
  },
  {
    name: 'a root from before the rotation',
    bytes: () => bytesOf(),
    trust: { ...trust, root: root2 },
    code: 'bundle.root_older',
  },
  {
    name: 'keys that were withdrawn',
    bytes: () => bytesOf({ roots: [root1, withdrawn], signers: ['sign1', 'sign2'] }),
    code: 'bundle.signature',
  },
  {
    name: 'the keys of before, after the rotation',
    bytes: () => bytesOf({ roots: [root1, root2] }),
    code: 'bundle.signature',
  },
  {
    name: 'a manifest signed in the role of the statement',
    bytes: () => manifestSignedAs('expiry', ['sign1', 'sign2']),
    code: 'bundle.signature',
  },
  {
    name: 'a manifest signed in the role of the root',
    bytes: () => manifestSignedAs('root', ['sign1', 'sign2']),
    code: 'bundle.signature',
  },
  {
    name: 'a manifest signed by the keys of the root',
    bytes: () => bytesOf({ signers: ['root1', 'root2'] }),
    code: 'bundle.signature',
  },
  {
    name: 'a statement signed by the keys of the manifest',
    bytes: () => bytesOf({ expiry: ['sign1', 'sign2'] }),
    code: 'bundle.signature',
  },
  {
    name: 'a manifest in the place of the statement',
    bytes: () => {
      const bundle = bundleOf();
      const content = JSON.parse(bundle.manifest.signed) as JsonObject;
      return encodeBundle({ ...bundle, statement: signed(unsigned(content), 'expiry', ['expiry1']) });
    },
    code: 'bundle.malformed',
  },
  { name: 'a name that climbs', bytes: () => withPaths('rules/../../etc/passwd'), code: 'bundle.path' },
  { name: 'an absolute name', bytes: () => withPaths('/etc/cron.d/x'), code: 'bundle.path' },
  { name: 'a name of Windows', bytes: () => withPaths('rules\\..\\x.yml'), code: 'bundle.path' },
  { name: 'a drive', bytes: () => withPaths('C:/x.yml'), code: 'bundle.path' },
  { name: 'a device', bytes: () => withPaths('rules/nul.yml'), code: 'bundle.path' },
  { name: 'a name with a zero byte', bytes: () => withPaths('rules/a.yml\0.txt'), code: 'bundle.path' },
  { name: 'a name not in NFC', bytes: () => withPaths('rules/e\u0301.yml'), code: 'bundle.path' },
  { name: 'half a character', bytes: () => withPaths('rules/\ud800.yml'), code: 'bundle.path' },
  { name: 'a name too long', bytes: () => withPaths(`rules/${'x'.repeat(250)}`), code: 'bundle.path' },
  {
    name: 'names that differ in case',
    bytes: () => withPaths('rules/A.yml', 'rules/a.yml'),
    code: 'bundle.path',
  },
  {
    name: 'names that differ in case of ß',
    bytes: () => withPaths('rules/ss', 'rules/\u00df'),
    code: 'bundle.path',
  },
  { name: 'a name twice', bytes: () => withPaths('rules/a.yml', 'rules/a.yml'), code: 'bundle.malformed' },
  {
    name: 'names out of order',
    bytes: () => withPaths('rules/b.yml', 'rules/a.yml'),
    code: 'bundle.malformed',
  },
  {
    name: 'a file that is a folder',
    bytes: () => withPaths('rules/a', 'rules/a/b.yml'),
    code: 'bundle.malformed',
  },
  {
    name: 'a huge file that is not there',
    bytes: () =>
      withManifest((m) => {
        m['files'] = [{ path: 'rules/a.yml', sizeBytes: 2 ** 40, sha256: '0'.repeat(64) }];
      }),
    code: 'bundle.too_large',
  },
  {
    name: 'many files that come to too much',
    bytes: () =>
      withManifest((m) => {
        const names = ['a', 'b', 'c', 'd', 'e'].map((n) => `rules/${n}.yml`);
        m['files'] = names.map((path) => ({ path, sizeBytes: 8 << 20, sha256: '0'.repeat(64) }));
      }),
    code: 'bundle.too_large',
  },
  {
    name: 'more files than the bound',
    bytes: () =>
      withManifest((m) => {
        m['files'] = Array.from({ length: 20_001 }, () => 0);
      }),
    code: 'bundle.malformed',
  },
  {
    name: 'a head that says it is huge',
    bytes: () => withHead('{}', undefined, 0xffff_ffff),
    code: 'bundle.too_large',
  },
  {
    name: 'a head that is longer than it is',
    bytes: () => withHead('{}', undefined, 1 << 20),
    code: 'bundle.truncated',
  },
  {
    name: 'a head that nests without end',
    bytes: () => withHead(`{"roots":${'['.repeat(500_000)}${']'.repeat(500_000)}}`),
    code: 'bundle.malformed',
  },
  { name: 'a head of another form', bytes: () => withHead('{"roots": []}'), code: 'bundle.malformed' },
  {
    name: 'a head that is not UTF-8',
    bytes: () => {
      const b = withHead('{"a":"x"}');
      b[18] = 0xff;
      return b;
    },
    code: 'bundle.malformed',
  },
  {
    name: 'a head that says a thing twice',
    bytes: () => withHead('{"roots":[],"roots":[]}'),
    code: 'bundle.malformed',
  },
  {
    name: 'a manifest that says a thing twice',
    bytes: () => signedAnew(bundleOf(), bundleOf().manifest.signed.replace('{', '{"name":"x",')),
    code: 'bundle.malformed',
  },
  {
    name: 'a version that is no number',
    bytes: () =>
      withManifest((m) => {
        m['version'] = '3';
      }),
    code: 'bundle.malformed',
  },
  {
    name: 'a manifest of a newer form',
    bytes: () =>
      withManifest((m) => {
        m['format'] = 2;
      }),
    code: 'bundle.format_newer',
  },
  {
    name: 'a root whose keys are not named by their hash',
    bytes: () =>
      bytesOf({
        roots: [
          signed({ signed: root1.signed.replaceAll(idOf('sign1'), 'f'.repeat(64)), signatures: [] }, 'root', [
            'root1',
            'root2',
          ]),
        ],
      }),
    code: 'bundle.malformed',
  },
  {
    name: 'a root that asks for more keys than it has',
    bytes: () => {
      const roles = { ...firstRoles, signing: { ...firstRoles.signing, threshold: 9 } };
      return bytesOf({ roots: [root1, signedRoot(rootOfKeys(2, roles), ['root1', 'root2'])] });
    },
    code: 'bundle.malformed',
  },
  {
    name: 'a root that asks for no key',
    bytes: () => {
      const roles = { ...firstRoles, signing: { ...firstRoles.signing, threshold: 0 } };
      return bytesOf({ roots: [root1, signedRoot(rootOfKeys(2, roles), ['root1', 'root2'])] });
    },
    code: 'bundle.malformed',
  },
];

for (const attack of attacks)
  test(`refused: ${attack.name}`, async (t) => {
    t.throws(() => openBundle(attack.bytes(), attack.trust ?? trust, attack.at ?? now), {
      code: attack.code,
    });
  });

test('there are more than thirty, and what they are made of is opened', async (t) => {
  t.ok(attacks.length > 30);
  t.equal(openBundle(bytesOf(), trust, now).files.size, filesOf(texts).size);
  t.equal(
    openBundle(
      withManifest(() => {}),
      trust,
      now,
    ).version,
    3,
  );
  t.ok(openBundle(withPaths('rules/a.yml', 'rules/b.yml'), trust, now).files.has('rules/b.yml'));
  t.ok(Object.keys(keys).length > 5);
});
