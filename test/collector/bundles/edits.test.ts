/** Rules of what is in force, edited: over the starter pack, over a bundle with its tests, and over one without. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { buildBundle, decodeBundle, encodeBundle, readManifest } from '#shared/bundle/index.ts';
import { ok } from '#shared/errors.ts';
import { Bundles } from '../../../collector/bundles/bundles.ts';
import { checkSource } from '../../../collector/bundles/check.ts';
import { editBase } from '../../../collector/bundles/edit-base.ts';
import { openOnlineKeys } from '../../../collector/bundles/online-keys.ts';
import { TestTexts } from '../../../collector/bundles/test-texts.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { tempFolder } from '../../temp.ts';

const now = () => 1_800_000_000_000_000;
const inDays = (days: number) => now() + days * 86_400_000_000;
const order = { name: 'rules', minAgentVersion: '0.1.0', expiresAt: inDays(90), isForced: false, by: 'ada' };

const rule = (id: string, image: string) =>
  `title: Rule ${id}\nid: ${id}\nstatus: test\nlogsource: { category: process_creation }\ndetection: { s: { Image: ${image} }, condition: s }\nlevel: low\n`;
const testsOf = (image: string) =>
  `cases:\n  - name: hits\n    expect: hit\n    events: [{ type: process.start, process.executable: ${image} }]\n  - name: misses\n    expect: miss\n    events: [{ type: process.start, process.executable: /other }]\n`;

async function scene(t: Test) {
  const control = await openControlStore(`${tempFolder(t)}/control.db`, { durable: false });
  t.teardown(() => control.close());
  const folder = tempFolder(t);
  const tests = new TestTexts(`${folder}/rule-tests`);
  const inForce = () => editBase(control.bundles, tests, { folder, more: [] });
  const bundles = await Bundles.open({
    ...{ store: control.bundles, tests, inForce, check: checkSource, now, statementLifeMs: 604_800_000 },
    keys: await openOnlineKeys(tempFolder(t)),
    switchTo: async ({ content, trust, isRollback: _, ...made }) => {
      const bundle = { ...made, at: now(), cursor: 0 };
      const entry = { at: now(), actor: made.by, action: 'bundle.activate', target: '', detail: {} };
      await control.bundles.activate({ ...bundle, content, trust, snapshot: null }, entry);
      return ok({ bundle, rules: [], problems: [] });
    },
  });
  const activate = (version: number) =>
    bundles.activate({ version, by: 'ada', reason: '', isRollback: false });
  return { bundles, inForce, activate, folder };
}

/** As `rules push` sends a folder. */
function sourceOf(files: Readonly<Record<string, string>>): Uint8Array {
  const facts = { name: 'own', version: 1, expiresAt: 0, minAgentVersion: '0.1.0', untested: [], tests: [] };
  const entries = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
  return encodeBundle(buildBundle(new Map(entries), facts));
}

const textOf = (data: Uint8Array | undefined) =>
  data === undefined ? undefined : Buffer.from(data).toString();

t.test('a rule of the starter pack is changed and a new one added', async (t) => {
  const { bundles, inForce, activate } = await scene(t);
  const before = await inForce();
  const path = 'rules/starter-pack/reverse-shell.yml';
  const text = textOf(before.files.get(path)) as string;
  const changed = text.replace('title: Reverse shell', 'title: Shell that calls home');
  t.not(changed, text);
  const added = rule('f0000000-0000-4000-8000-000000000001', '/new');
  const built = await bundles.edit([{ text: changed }, { text: added, tests: testsOf('/new') }], order);
  t.same(built.failed, []);
  t.same(built.bundle.untested, []);
  await activate(built.bundle.version);

  const after = await inForce();
  t.equal(textOf(after.files.get(path)), changed, 'in its place');
  t.equal(textOf(after.files.get('rules/own/rule-f0000000-0000-4000-8000-000000000001.yml')), added);
  t.equal(
    textOf(after.files.get('rules/starter-pack/reverse-shell.test.yml')),
    textOf(before.files.get('rules/starter-pack/reverse-shell.test.yml')),
    'tests are found again though the bundle has none',
  );
  t.equal(after.files.size, before.files.size + 2, 'nothing else changed');

  const again = await bundles.edit([{ text: changed.replace('calls home', 'calls') }], order);
  t.equal(again.bundle.version, built.bundle.version + 1);
  t.same(again.bundle.untested, []);
});

t.test('what fails its tests, or has none, is refused unless told', async (t) => {
  const { bundles, activate } = await scene(t);
  const id = 'f0000000-0000-4000-8000-000000000002';
  const text = rule(id, '/a');
  await t.rejects(bundles.edit([{ text }], order), { code: 'rules.untested' });
  await t.rejects(bundles.edit([{ text, tests: testsOf('/wrong') }], order), {
    code: 'rules.untested',
    message: /hits/,
  });
  const forced = await bundles.edit([{ text }], { ...order, isForced: true });
  t.same(forced.bundle.untested, [`rules/own/rule-${id}.yml`]);
  await t.rejects(bundles.edit([{ text: 'title: nothing' }], order), { code: 'rules.refused' });
  await activate(forced.bundle.version);
  const mended = await bundles.edit([{ text, tests: testsOf('/a') }], order);
  t.same(mended.bundle.untested, []);
});

t.test('tests that are not here are vouched for by the manifest, but for what is changed', async (t) => {
  const { bundles, activate, folder } = await scene(t);
  const [a, b] = ['f0000000-0000-4000-8000-00000000000a', 'f0000000-0000-4000-8000-00000000000b'];
  const source = {
    'rules/a.yml': rule(a, '/a'),
    'rules/a.test.yml': testsOf('/a'),
    'rules/b.yml': rule(b, '/b'),
    'rules/b.test.yml': testsOf('/b'),
  };
  const built = await bundles.build(sourceOf(source), order);
  await activate(built.bundle.version);
  // As with a bundle that was signed elsewhere: its tests never came here.
  rmSync(join(folder, 'rule-tests'), { recursive: true });
  await t.rejects(bundles.edit([{ text: rule(a, '/c') }], order), {
    code: 'rules.untested',
    message: /a\.yml/,
  });
  const edited = await bundles.edit([{ text: rule(a, '/c'), tests: testsOf('/c') }], order);
  t.same(edited.bundle.untested, [], 'the other one was not touched');
  const manifest = readManifest(decodeBundle(await bundles.content(edited.bundle.version)).manifest.signed);
  t.same(
    manifest.tests.map(({ path, hits, misses }) => [path, hits, misses]),
    [
      ['rules/a.test.yml', 1, 1],
      ['rules/b.test.yml', 1, 1],
    ],
  );
});

t.test('rules beside it in its file are not lost', async (t) => {
  const { bundles, activate } = await scene(t);
  const [a, b] = ['f0000000-0000-4000-8000-00000000000c', 'f0000000-0000-4000-8000-00000000000d'];
  const both = `${rule(a, '/a')}---\n${rule(b, '/b')}`;
  const built = await bundles.build(sourceOf({ 'rules/both.yml': both }), { ...order, isForced: true });
  await activate(built.bundle.version);
  await t.rejects(bundles.edit([{ text: rule(a, '/c') }], { ...order, isForced: true }), {
    code: 'api.conflict',
    message: new RegExp(b),
  });
  const edited = await bundles.edit([{ text: both.replace('/b }', '/c }') }], { ...order, isForced: true });
  const manifest = readManifest(decodeBundle(await bundles.content(edited.bundle.version)).manifest.signed);
  t.same(
    manifest.files.map(({ path }) => path),
    ['prepared/rules.json', 'rules/both.yml'],
  );
});
