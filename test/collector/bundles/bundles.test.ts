/** What the collector does with bundles over time, with real keys and a real store; the clock is the test's. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  buildBundle,
  decodeBundle,
  decodeDocument,
  encodeBundle,
  encodeDocument,
  generateKey,
  keyIdOf,
  openBundle,
  publicKeyOf,
  type Root,
  readRoot,
  readStatement,
  rootJson,
  type Trust,
  trustIn,
  unsigned,
  withSignature,
} from '#shared/bundle/index.ts';
import { ok } from '#shared/errors.ts';
import { Bundles, maxBundles, maxWaiting } from '../../../collector/bundles/bundles.ts';
import { bundledFiles, checkSource } from '../../../collector/bundles/check.ts';
import { openOnlineKeys } from '../../../collector/bundles/online-keys.ts';
import { rulesInForce } from '../../../collector/rules/rules-in-force.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { userRule } from '../../rule-folder.ts';
import { tempFolder } from '../../temp.ts';
import { editingOver } from './editing.ts';

const day = 86_400_000_000;
const weekMs = 7 * 86_400_000;
const noFolders = { rulePaths: [], listPaths: [], pipelineUses: [] };

async function scene(t: Test) {
  const control = await openControlStore(join(t.testdir(), 'control.db'), { durable: false });
  t.teardown(() => control.close());
  const clock = { now: 1_800_000_000_000_000 };
  const keys = await openOnlineKeys(tempFolder(t));
  const bundles = await Bundles.open({
    ...editingOver(t, control.bundles),
    ...{ store: control.bundles, keys, check: checkSource, statementLifeMs: weekMs, now: () => clock.now },
    // As the pipeline does it that has detected nothing.
    switchTo: async ({ content, trust, isRollback: _, ...made }) => {
      const bundle = { ...made, at: clock.now, cursor: 0 };
      const entry = { at: clock.now, actor: made.by, action: 'bundle.activate', target: '', detail: {} };
      await control.bundles.activate({ ...bundle, content, trust, snapshot: null }, entry);
      return ok({ bundle, rules: [], problems: [] });
    },
  });
  const firstTrust = trustIn(decodeDocument((await bundles.root()).document, 'the root'));
  return {
    ...{ bundles, control, clock, keys, firstTrust },
    build: (id: string, lifeUs = 90 * day) =>
      bundles.build(sourceOf(id), {
        ...{ name: 'a', minAgentVersion: '0.1.0', expiresAt: clock.now + lifeUs, isForced: true, by: 'ada' },
      }),
    activate: (version: number, isRollback = false) =>
      bundles.activate({ version, by: 'ada', reason: '', isRollback }),
    /** As an agent takes it that trusts this. */
    offered: async (version: number, trust: Trust) =>
      openBundle(await bundles.content(version), trust, clock.now).trust,
  };
}

function sourceOf(id: string): Uint8Array {
  const files = new Map([[`rules/${id}.yml`, Buffer.from(userRule(id, id))]]);
  const facts = { name: 'a', version: 1, expiresAt: 0, minAgentVersion: '0.1.0', untested: [], tests: [] };
  return encodeBundle(buildBundle(files, facts));
}

const statementIn = (content: Uint8Array) => readStatement(decodeBundle(content).statement!.signed);

t.test('the bundle in force is stated anew in time, and agents follow', async (t) => {
  const { bundles, clock, control, build, activate, offered, firstTrust } = await scene(t);
  t.equal(await bundles.tend(), false, 'nothing is in force');
  await build('a');
  await activate(1);
  const agent = await offered(1, firstTrust);
  clock.now += 3 * day;
  t.equal(await bundles.tend(), false, 'less than half is over');
  clock.now += day;
  t.equal(await bundles.tend(), true);
  t.equal(await bundles.tend(), false);
  const again = await offered(1, agent);
  t.ok(again.statementVersion > agent.statementVersion);
  t.equal(statementIn(await bundles.content(1)).expiresAt, clock.now + weekMs * 1000);
  t.match((await control.audit.list({ action: 'bundle.restate' }, 5)).items, [{ actor: 'collector' }]);
  clock.now += 100 * day;
  t.match(await bundles.list(), { refusedWith: 'bundle.expired' });
  await t.rejects(bundles.tend(), { code: 'bundle.expired' });
  t.match(await rulesInForce(control.bundles, noFolders), { accepted: 1 }, 'it is still at work');
});

t.test('a decision to go back reaches hosts that were away, also after it was stated anew', async (t) => {
  const { bundles, clock, build, activate, offered, firstTrust } = await scene(t);
  await build('a');
  await activate(1);
  await build('b');
  await activate(2);
  const away = await offered(2, firstTrust);
  await build('canary');
  const replay = await bundles.content(2);
  await t.rejects(activate(1), { code: 'bundle.older' });
  await activate(1, true);
  t.equal(
    statementIn(await bundles.content(1)).rollbackFrom,
    3,
    'also from a bundle that only some hosts had',
  );
  clock.now += 5 * day;
  t.equal(await bundles.tend(), true);
  const back = await offered(1, away);
  t.equal(back.bundleVersion, 1);
  t.throws(() => openBundle(replay, back, clock.now - 5 * day), { code: 'bundle.statement_older' });
  await activate(2);
  t.equal((await offered(2, back)).bundleVersion, 2, 'and forward again');
});

t.test(
  'what is in force outlives a root without its keys; agents would refuse it, and that is said',
  async (t) => {
    const { bundles, control, build, activate, firstTrust, offered } = await scene(t);
    await build('a');
    await activate(1);
    t.match(await bundles.list(), { refusedWith: null });
    const [root, signing, expiry] = [generateKey(), generateKey(), generateKey()];
    const ids = [root, signing, expiry].map((key) => keyIdOf(publicKeyOf(key)));
    const next: Root = {
      ...readRoot(firstTrust.root.signed),
      version: 2,
      keys: Object.fromEntries(
        [root, signing, expiry].map((key, i) => [
          ids[i]!,
          { publicKey: publicKeyOf(key), name: 'x', isOnline: false },
        ]),
      ),
      roles: {
        root: { keyIds: [ids[0]!], threshold: 1 },
        signing: { keyIds: [ids[1]!], threshold: 1 },
        expiry: { keyIds: [ids[2]!], threshold: 1 },
      },
    };
    const document = withSignature(unsigned(rootJson(next)), 'root', root);
    t.match(await bundles.addRoot(encodeDocument(document), 'ada'), { root: { version: 2 }, online: [] });
    await t.rejects(bundles.addRoot(encodeDocument(document), 'ada'), { code: 'bundle.root_older' });
    t.match(await bundles.list(), { inForce: { version: 1 }, refusedWith: 'bundle.signature' });
    t.match(await rulesInForce(control.bundles, noFolders), { accepted: 1, bundle: { version: 1 } });
    t.equal(await bundles.tend(), false, 'the collector may not speak for it any more');
    await t.rejects(build('b'), { code: 'bundle.key_offline' });
    await t.rejects(activate(1), { code: 'bundle.signature' });

    const kept = decodeBundle(await bundles.content(1));
    const manifest = withSignature(kept.manifest, 'signing', signing);
    const statement = withSignature(kept.statement!, 'expiry', expiry);
    t.match(await bundles.add(encodeBundle({ ...kept, manifest, statement }), 'ada'), { version: 1 });
    t.match(await bundles.list(), { refusedWith: null }, 'until it is signed anew');
    t.equal((await offered(1, firstTrust)).bundleVersion, 1, 'also for an agent that trusts the first root');
  },
);

t.test('bundles that are not ours, not whole or not new are not kept', async (t) => {
  const { bundles, build, clock } = await scene(t);
  const other = await scene(t);
  await build('a');
  await other.build('b');
  await t.rejects(bundles.add(await other.bundles.content(1), 'eve'), { code: 'bundle.root_unknown' });
  const unsignedOne = { ...decodeBundle(sourceOf('c')) };
  await t.rejects(bundles.add(encodeBundle(unsignedOne), 'eve'), { code: 'bundle.signature' });
  const content = await bundles.content(1);
  await t.rejects(bundles.add(content.subarray(0, -1), 'eve'), { code: 'bundle.truncated' });
  clock.now += 91 * day;
  await t.rejects(bundles.add(content, 'eve'), { code: 'bundle.expired' });
  t.equal((await bundles.list()).bundles.length, 1);
  await t.rejects(bundles.content(9), { code: 'api.not_found' });
  await t.rejects(bundles.get(9), { code: 'api.not_found' });
});

t.test('another bundle of a version that is kept is refused', async (t) => {
  const { bundles, keys, build } = await scene(t);
  await build('a');
  const facts = { name: 'z', version: 1, expiresAt: 4e15, minAgentVersion: '0.1.0', untested: [], tests: [] };
  const made = buildBundle(new Map([['rules/z.yml', Buffer.from(userRule('z', 'z'))]]), facts);
  const manifest = withSignature(made.manifest, 'signing', keys.signing);
  await t.rejects(bundles.add(encodeBundle({ ...made, manifest }), 'ada'), { code: 'bundle.version_reused' });
  const bad = buildBundle(new Map([['rules/z.yml', Buffer.from('title: Z\ndetection: none\n')]]), {
    ...facts,
    version: 2,
  });
  const signedBad = { ...bad, manifest: withSignature(bad.manifest, 'signing', keys.signing) };
  await t.rejects(bundles.add(encodeBundle(signedBad), 'ada'), { code: 'rules.refused' });
});

t.test('what was prepared for hosts is what the texts say, or the bundle is refused', async (t) => {
  const { bundles, keys } = await scene(t);
  const facts = { name: 'z', expiresAt: 4e15, minAgentVersion: '0.1.0', untested: [], tests: [] };
  const source = new Map([['rules/z.yml', Buffer.from(userRule('z', 'z'))]]);
  const checked = await checkSource(source);
  const add = (version: number, files: ReadonlyMap<string, Uint8Array>) => {
    const made = buildBundle(files, { ...facts, version });
    const manifest = withSignature(made.manifest, 'signing', keys.signing);
    return bundles.add(encodeBundle({ ...made, manifest }), 'ada');
  };
  const [path, bytes] = [...bundledFiles(source, checked)].find(([name]) => !source.has(name))!;
  const silenced = Buffer.from(Buffer.from(bytes).toString().replace('"values":["z"]', '"values":["y"]'));
  t.notOk(silenced.equals(bytes));
  await t.rejects(add(1, new Map([...source, [path, silenced]])), { code: 'bundle.prepared_differs' });
  t.match(await add(1, bundledFiles(source, checked)), { version: 1, files: 2 });
  t.match(await add(2, source), { version: 2, files: 1 }, 'an earlier version builds without');
});

t.test('there are so many at most, and the one in force stays', async (t) => {
  const { bundles, build, activate } = await scene(t);
  await build('a');
  await activate(1);
  for (let i = 0; i < maxBundles + 2; i++) await build(`r${i}`);
  const versions = (await bundles.list()).bundles.map(({ version }) => version);
  t.equal(versions.length, maxBundles);
  t.ok(versions.includes(1) && versions.includes(maxBundles + 3) && !versions.includes(2));
});

t.test('changes wait for one another, so many at most', async (t) => {
  const { build, bundles } = await scene(t);
  const outcomes = await Promise.allSettled(Array.from({ length: maxWaiting + 2 }, (_, i) => build(`r${i}`)));
  t.match(outcomes.slice(maxWaiting), [
    { reason: { code: 'rules.busy' } },
    { reason: { code: 'rules.busy' } },
  ]);
  const versions = (await bundles.list()).bundles.map(({ version }) => version);
  t.same(
    versions,
    Array.from({ length: maxWaiting }, (_, i) => maxWaiting - i),
    'each has a version of its own',
  );
  t.match(await build('later'), { bundle: { version: maxWaiting + 1 } });
});

t.test('a bundle that the disk has changed is not run', async (t) => {
  const { bundles, control, build, activate } = await scene(t);
  await build('a');
  await activate(1);
  const content = Uint8Array.from(await bundles.content(1));
  content[content.length - 1]! ^= 1;
  const trust = (await control.bundles.trust())!;
  const entry = { at: 1, actor: 'disk', action: 'x', target: 'x', detail: {} };
  await control.bundles.restate(1, content, trust, entry);
  await t.rejects(rulesInForce(control.bundles, noFolders), { code: 'data.corrupt' });
});
