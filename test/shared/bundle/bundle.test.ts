import fc from 'fast-check';
import { test } from 'tap';
import {
  decodeBundle,
  decodeDocument,
  decodeTrust,
  demandAgentVersion,
  digestOf,
  encodeBundle,
  encodeDocument,
  encodeTrust,
  openBundle,
  openKeptBundle,
  trustIn,
} from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import {
  bundleOf,
  bytesOf,
  day,
  facts,
  filesOf,
  firstRoles,
  now,
  role,
  root1,
  rootOfKeys,
  signedRoot,
  texts,
  trust,
} from './scene.ts';

test('a sound bundle opens to what was put in', async (t) => {
  const opened = openBundle(bytesOf({ facts: { untested: ['rules/a.yml'] } }), trust, now);
  t.match(opened, { name: 'fleet', version: 3, minAgentVersion: '0.1.0', untested: ['rules/a.yml'] });
  t.equal(opened.expiresAt, facts.expiresAt);
  const read = Object.fromEntries(
    [...opened.files].map(([path, data]) => [path, Buffer.from(data).toString()]),
  );
  t.same(read, texts);
  t.equal(opened.digest, digestOf(bundleOf({ facts: { untested: ['rules/a.yml'] } })));
  t.match(opened.trust, { bundleVersion: 3, bundleDigest: opened.digest, statementVersion: 10 });
});

test('the same files give the same bytes, whatever their order', async (t) => {
  const backwards = Object.fromEntries(Object.entries(texts).reverse());
  t.same(bytesOf({ texts: backwards }), bytesOf());
  t.not(
    Buffer.from(bytesOf({ facts: { version: 4 } })).equals(bytesOf()),
    'another version is another bundle',
  );
});

test('property: a bundle cut at any length is refused as cut', async (t) => {
  const bytes = bytesOf();
  const codes = Array.from(bytes, (_, length) =>
    codeOf(() => openBundle(bytes.subarray(0, length), trust, now)),
  );
  t.same(new Set(codes), new Set(['bundle.truncated']));
  t.equal(codes.length, bytes.length);
});

test('property: a bundle with any bit of any byte changed is refused with a code', async (t) => {
  const bytes = bytesOf();
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at]! ^= 1 << (at % 8);
    const code = codeOf(() => openBundle(changed, trust, now));
    if (!code?.startsWith('bundle.')) t.fail(`byte ${at} gave ${code}`);
  }
  t.pass(`${bytes.length} bytes`);
});

test('property: what is no bundle is refused with a code', async (t) => {
  const bytes = bytesOf();
  const noise = fc.uint8Array({ maxLength: 400 });
  const spliced = fc
    .tuple(fc.nat(bytes.length), fc.nat(bytes.length), noise)
    .map(([from, to, middle]) => Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]))
    .filter((one) => !one.equals(bytes));
  fc.assert(
    fc.property(fc.oneof(noise, spliced), (one) => {
      const code = codeOf(() => openBundle(one, trust, now));
      return code?.startsWith('bundle.') === true;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('property: what is built opens to the same files', async (t) => {
  const name = fc
    .stringMatching(/^[a-z0-9]{1,8}$/)
    .filter((n) => !/^(?:con|prn|aux|nul|com\d|lpt\d)$/.test(n));
  const files = fc.dictionary(
    name.map((n) => `rules/${n}.yml`),
    fc.string({ maxLength: 200 }),
    { maxKeys: 20 },
  );
  fc.assert(
    fc.property(files, (some) => {
      const opened = openBundle(bytesOf({ texts: some }), trust, now);
      return (
        [...opened.files].every(([path, data]) => Buffer.from(data).equals(Buffer.from(some[path]!))) &&
        opened.files.size === Object.keys(some).length
      );
    }),
    { numRuns: 50 },
  );
  t.pass();
});

test('the next bundle is taken, and the one taken before once more', async (t) => {
  const first = openBundle(bytesOf(), trust, now);
  const again = openBundle(bytesOf(), first.trust, now);
  t.same(again.trust, first.trust);
  const next = openBundle(bytesOf({ facts: { version: 4 }, statement: { version: 11 } }), first.trust, now);
  t.equal(next.trust.bundleVersion, 4);
  const refreshed = openBundle(bytesOf({ statement: { version: 12 } }), first.trust, now);
  t.equal(refreshed.trust.statementVersion, 12, 'a newer statement about the same bundle');
});

test('a decision to go back is taken once, and opens no way for a replay', async (t) => {
  const three = openBundle(bytesOf(), trust, now).trust;
  const back = { facts: { version: 2 }, statement: { version: 11, rollbackFrom: 3 } };
  const two = openBundle(bytesOf(back), three, now).trust;
  t.match(two, { bundleVersion: 2, statementVersion: 11 });
  const replayed = codeOf(() => openBundle(bytesOf(), two, now));
  t.equal(replayed, 'bundle.statement_older', 'bundle 3 does not come back with its old statement');
  const one = bytesOf({ facts: { version: 1 }, statement: { version: 12, rollbackFrom: 1 } });
  t.equal(
    codeOf(() => openBundle(one, two, now)),
    'bundle.older',
    'each decision says how far back from',
  );
  const four = openBundle(bytesOf({ facts: { version: 4 }, statement: { version: 12 } }), two, now).trust;
  t.equal(
    codeOf(() => openBundle(bytesOf(back), four, now)),
    'bundle.statement_older',
  );
});

test('roots are followed over several rotations, and older ones in the bundle do no harm', async (t) => {
  const second = rootOfKeys(2, {
    root: role(['root1', 'root3'], 2),
    signing: role(['sign2', 'sign4'], 2),
    expiry: role(['expiry2'], 1),
  });
  const third = rootOfKeys(3, {
    root: role(['root3'], 1),
    signing: role(['sign4', 'sign5'], 2),
    expiry: role(['expiry2'], 1),
  });
  const roots = [
    root1,
    signedRoot(second, ['root1', 'root2', 'root3']),
    signedRoot(third, ['root1', 'root3']),
  ];
  const made = { roots, signers: ['sign4', 'sign5'], expiry: ['expiry2'] };
  const opened = openBundle(bytesOf(made), trust, now);
  t.equal(opened.trust.root.signed, roots[2]!.signed);
  const between = { ...trust, root: roots[1]! };
  t.equal(openBundle(bytesOf(made), between, now).version, 3, 'whoever trusts the second');
  t.equal(
    openBundle(bytesOf({ ...made, roots: roots.slice(1) }), trust, now).version,
    3,
    'roots from the next on',
  );
});

test('a stolen key that signed the highest versions is recovered from by a new root', async (t) => {
  const top = Number.MAX_SAFE_INTEGER;
  const stuck = openBundle(
    bytesOf({ facts: { version: top }, statement: { version: top } }),
    trust,
    now,
  ).trust;
  const next = { facts: { version: 4 }, statement: { version: 11 } };
  t.equal(
    codeOf(() => openBundle(bytesOf(next), stuck, now)),
    'bundle.statement_older',
  );
  const renewed = {
    root: firstRoles.root,
    signing: role(['sign1', 'sign4'], 2),
    expiry: role(['expiry2'], 1),
  };
  const roots = [root1, signedRoot(rootOfKeys(2, renewed), ['root1', 'root2'])];
  const made = { ...next, roots, signers: ['sign1', 'sign4'], expiry: ['expiry2'] };
  t.equal(openBundle(bytesOf(made), stuck, now).trust.bundleVersion, 4);
  const kept = { ...renewed, signing: role(['sign1', 'sign2', 'sign4'], 2), expiry: firstRoles.expiry };
  const weak = [root1, signedRoot(rootOfKeys(2, kept), ['root1', 'root2'])];
  const replay = { ...next, roots: weak, signers: ['sign1', 'sign4'] };
  const code = codeOf(() => openBundle(bytesOf(replay), stuck, now));
  t.equal(
    code,
    'bundle.statement_older',
    'where keys of before are still enough, what was seen still counts',
  );
});

test('what is trusted survives being written and read', async (t) => {
  const { trust: kept } = openBundle(bytesOf(), trust, now);
  t.same(decodeTrust(encodeTrust(kept)), kept);
  const bytes = encodeTrust(kept);
  for (const length of [0, 1, 40, bytes.length - 1])
    t.equal(
      codeOf(() => decodeTrust(bytes.subarray(0, length))),
      'data.corrupt',
    );
  t.equal(
    codeOf(() => trustIn(signedRoot(rootOfKeys(1, firstRoles), ['root1']))),
    'bundle.signature',
  );
  t.same(decodeDocument(encodeDocument(root1), 'the root'), root1);
});

test('the bundle that was kept opens long after, and no other', async (t) => {
  const { trust: kept } = openBundle(bytesOf(), trust, now);
  t.equal(openKeptBundle(bytesOf(), kept).files.size, 4);
  t.throws(() => openBundle(bytesOf(), kept, now + 999 * day), { code: 'bundle.root_expired' });
  t.throws(() => openKeptBundle(bytesOf({ facts: { version: 4 } }), kept), { code: 'bundle.mixed' });
  const bytes = Uint8Array.from(bytesOf());
  bytes[bytes.length - 1]! ^= 1;
  t.throws(() => openKeptBundle(bytes, kept), { code: 'bundle.file_changed' });
});

test('an agent that is too old for a bundle says so', async (t) => {
  const opened = openBundle(bytesOf({ facts: { minAgentVersion: '1.10.2' } }), trust, now);
  for (const version of ['1.10.2', '1.10.3', '1.11.0', '2.0.0']) demandAgentVersion(opened, version);
  for (const version of ['1.10.1', '1.9.9', '0.99.0'])
    t.throws(() => demandAgentVersion(opened, version), { code: 'bundle.agent_older' });
});

test('a bundle survives being taken apart and put together', async (t) => {
  t.same(encodeBundle(decodeBundle(bytesOf())), bytesOf());
  t.throws(() => bytesOf({ texts: { 'rules/../x': '' } }), { code: 'bundle.path' });
  t.equal(filesOf(texts).size, 4);
});

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof VedetteError) return error.code;
    return String(error);
  }
}
