/** From a folder to a bundle: what is taken, in which form, and what is refused. */
import { chmodSync, readdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type BundleFacts, buildBundle, encodeBundle } from '#shared/bundle/index.ts';
import { bundledFiles, checkSource } from '../../../collector/bundles/check.ts';
import { checkInThread } from '../../../collector/bundles/check-thread.ts';
import { readSource, withStarterPack } from '../../../collector/bundles/source.ts';
import { ruleFolder, userRule, userTest, writeFiles } from '../../rule-folder.ts';
import { tempFolder } from '../../temp.ts';

const facts: BundleFacts = {
  ...{ name: 'a', version: 1, expiresAt: 1, minAgentVersion: '0.1.0', untested: [], tests: [] },
};
const whole = {
  'rules/a.yml': userRule('a', 'eve'),
  'rules/a.test.yml': userTest('eve1', 'adam'),
  'rules/deep/b.yml': userRule('b', 'mallory'),
  'lists/admins.txt': 'root\n',
  'settings/sensors.json': '{}',
  'notes.txt': 'not for the bundle',
  'rules/README.md': 'neither is this',
  '.git/rules/x.yml': 'nor this',
};
const entry = new URL('../../../collector/bundle-check.worker.ts', import.meta.url);

const built = async (folder: string) => {
  const source = await readSource(folder);
  return encodeBundle(buildBundle(bundledFiles(source, await checkSource(source)), facts));
};

t.test('the same folder gives the same bytes, however it came about', async (t) => {
  const folder = ruleFolder(t, whole);
  const other = tempFolder(t);
  for (const [path, text] of Object.entries(whole).reverse()) writeFiles(other, { [path]: text });
  for (const name of readdirSync(join(other, 'rules'))) {
    utimesSync(join(other, 'rules', name), 1, 1);
    chmodSync(join(other, 'rules', name), 0o700);
  }
  t.ok(Buffer.from(await built(folder)).equals(Buffer.from(await built(other))));
  writeFiles(other, { 'rules/a.yml': userRule('a', 'evil') });
  t.notOk(Buffer.from(await built(folder)).equals(Buffer.from(await built(other))));
});

t.test('what belongs into a bundle is taken, tests only to be run', async (t) => {
  const source = await readSource(ruleFolder(t, whole));
  const expected = ['lists/admins.txt', 'rules/a.test.yml', 'rules/a.yml', 'rules/deep/b.yml'];
  t.same([...source.keys()].sort(), [...expected, 'settings/sensors.json']);
  const bundled = bundledFiles(source, await checkSource(source));
  t.same(
    [...bundled.keys()].sort(),
    [...expected, 'prepared/rules.json', 'settings/sensors.json'].toSpliced(1, 1).sort(),
  );
  const flat = await readSource(
    ruleFolder(t, { 'a.yml': userRule('a', 'x'), 'x/b.yml': 'b', 'lists/l.txt': '' }),
  );
  t.same([...flat.keys()].sort(), ['lists/l.txt', 'rules/a.yml', 'rules/x/b.yml'], 'rules without a folder');
});

t.test('what is prepared never makes a bundle larger than agents take', async (t) => {
  const prepared = Buffer.from('{}');
  const room = 14 * 1024 * 1024 - prepared.length;
  const pathsOf = (sizeBytes: number) => [
    ...bundledFiles(new Map([['lists/a.txt', new Uint8Array(sizeBytes)]]), { prepared }).keys(),
  ];
  t.same(pathsOf(room), ['lists/a.txt', 'prepared/rules.json']);
  t.same(pathsOf(room + 1), ['lists/a.txt']);
});

t.test('links and files that are too large are refused', async (t) => {
  const folder = ruleFolder(t, { 'rules/a.yml': 'a' });
  symlinkSync('/etc/passwd', join(folder, 'rules/b.yml'));
  await t.rejects(readSource(folder), { code: 'bundle.path' });
  const large = ruleFolder(t, { 'rules/a.yml': 'x'.repeat((8 << 20) + 1) });
  await t.rejects(readSource(large), { code: 'bundle.too_large' });
  await t.rejects(readSource(join(folder, 'none')), { code: 'data.unreadable' });
});

t.test('a rule is tested when something hits it and something nearly does', async (t) => {
  const check = async (files: Record<string, string>) => checkSource(await readSource(ruleFolder(t, files)));
  const rule = { 'rules/a.yml': userRule('a', 'eve') };
  t.match(await check({ ...rule, 'rules/a.test.yml': userTest('eve', 'adam') }), {
    rules: 1,
    untested: [],
    failed: [],
    tests: [{ path: 'rules/a.test.yml', hits: 1, misses: 1, sha256: /^[0-9a-f]{64}$/ }],
  });
  t.match(await check(rule), { untested: ['rules/a.yml'] });
  const hitOnly = userTest('eve', 'adam').split('\n').slice(0, 2).join('\n');
  t.match(await check({ ...rule, 'rules/a.test.yml': hitOnly }), { untested: ['rules/a.yml'], failed: [] });
  t.match(await check({ ...rule, 'rules/a.test.yml': userTest('adam', 'adam') }), {
    untested: ['rules/a.yml'],
    failed: [{ file: 'rules/a.test.yml', name: 'it is one' }],
  });
  const broken = await check({ 'rules/a.yml': 'title: x\ndetection: nothing\n' });
  t.ok(broken.problems.some(({ severity }) => severity === 'error'));
});

t.test('a file of tests that is none is told, and tests nothing', async (t) => {
  const rule = { 'rules/a.yml': userRule('a', 'eve') };
  for (const text of ['cases: nothing', '', ': [', 'cases: [ 5 ]']) {
    const source = await readSource(ruleFolder(t, { ...rule, 'rules/a.test.yml': text }));
    const told = await checkInThread(entry, source).then(
      ({ untested }) => untested,
      (error: { code: string }) => error.code,
    );
    t.ok(told === 'rules.check_failed' || told.includes('rules/a.yml'), `${text}: ${told}`);
  }
});

t.test('a rule that only serves a correlation needs no test of its own', async (t: Test) => {
  const correlation = `title: Many
id: many
correlation: { type: event_count, rules: [base], group-by: [host.id], timespan: 1m, condition: { gte: 2 } }
level: high
`;
  const files = { 'rules/base.yml': userRule('base', 'eve'), 'rules/many.yml': correlation };
  t.match(await checkSource(await readSource(ruleFolder(t, files))), { untested: ['rules/many.yml'] });
});

t.test('the starter pack comes along, all of it tested, but for rules the folder has itself', async (t) => {
  const pack = await withStarterPack(new Map());
  const checked = await checkInThread(entry, pack);
  t.same([checked.untested, checked.failed], [[], []]);
  t.ok(checked.rules > 15);
  const own = await readSource(
    ruleFolder(t, { 'rules/mine.yml': userRule('47ff6648-d133-4f89-994b-cb649eff2672', 'eve') }),
  );
  const both = await withStarterPack(own);
  t.ok(pack.has('rules/starter-pack/events-lost.yml'));
  t.notOk(
    both.has('rules/starter-pack/events-lost.yml') || both.has('rules/starter-pack/events-lost.test.yml'),
  );
  t.equal(both.size, pack.size - 1);
});

t.test('a source that lies about its paths is refused before anything is written', async (t) => {
  const evil = new Map([['rules/../../../tmp/x.test.yml', Buffer.from('cases: []')]]);
  await t.rejects(checkInThread(entry, evil), { code: 'bundle.path' });
});
