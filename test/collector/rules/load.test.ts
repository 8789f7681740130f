import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadLists } from '../../../collector/rules/lists.ts';
import { lint, loadRules } from '../../../collector/rules/load.ts';

const rule = (id: string, value = 'x') =>
  `title: T\nid: ${id}\nlogsource: { category: process_creation }\ndetection:\n  s:\n    CommandLine|contains: '${value}'\n  condition: s\n`;

t.test('folders, files and links', async (t) => {
  const folder = t.testdir({
    'a.yml': rule('a'),
    'a.test.yml': 'cases: []',
    'notes.txt': 'no rule',
    deep: { 'b.yaml': rule('b'), 'c.yml': `${rule('c')}---\n${rule('d')}` },
    link: t.fixture('symlink', 'deep'),
    round: { back: t.fixture('symlink', '..') },
    'gone.yml': t.fixture('symlink', 'nowhere.yml'),
  });
  const { accepted, refused, problems, ruleSet } = await loadRules([folder, join(folder, 'a.yml')]);
  t.strictSame(ruleSet.rules.map((r) => r.rule.id).sort(), ['a', 'b', 'c', 'd'], 'each once');
  t.equal(accepted, 4);
  t.equal(refused, 1);
  t.match(problems, [{ code: 'rule.unreadable', file: join(folder, 'gone.yml'), action: /path/ }]);
});

t.test('what cannot be read is a problem, not an end', async (t) => {
  const folder = t.testdir({ 'good.yml': rule('a'), 'bad.yml': 'title: [', 'shut.yml': rule('z') });
  chmodSync(join(folder, 'shut.yml'), 0);
  const { summary, problems } = await lint([folder, join(folder, 'missing')]);
  t.ok(summary.accepted >= 1);
  t.equal(summary.byReason['rule.not_yaml'], 1);
  t.ok((summary.byReason['rule.unreadable'] ?? 0) >= 1);
  t.ok(problems.every((p) => p.file !== '' && p.line >= 1 && p.column >= 1 && p.action !== ''));
  chmodSync(join(folder, 'shut.yml'), 0o600);
});

t.test('files beyond the bound', async (t) => {
  const folder = t.testdir({ 'a.yml': rule('a') });
  writeFileSync(join(folder, 'big.yml'), `# ${'x'.repeat(3 << 20)}\n${rule('big')}`);
  const { summary } = await lint([folder]);
  t.match(summary, { accepted: 1, refused: 1, byReason: { 'rule.too_large': 1 } });
});

t.test('lint counts', async (t) => {
  const folder = t.testdir({
    'a.yml': rule('a'),
    'b.yml': rule('a'),
    'c.yml': rule('c').replace('CommandLine|contains', 'CommandLine|shouts'),
    'd.yml': rule('d').replace('CommandLine', 'Unheard'),
    'e.yml': rule('e').replace('process_creation', 'registry_set'),
  });
  const { summary, problems } = await lint([folder]);
  t.strictSame(summary, {
    ...{ rules: 5, accepted: 3, refused: 2, inactive: 1, warnings: 1 },
    byReason: { 'rule.duplicate': 1, 'rule.invalid': 1 },
  });
  t.match(
    problems.map((p) => [p.code, p.line, p.column]),
    [
      ['rule.duplicate', 1, 1],
      ['rule.invalid', 6, 5],
      ['rule.field_unknown', 6, 5],
    ],
  );
});

t.test('a refused document counts once, by its first error', async (t) => {
  const twice = rule('a')
    .replace('CommandLine|contains', 'CommandLine|shouts')
    .replace('  condition', "    Image|sings: 'x'\n  condition");
  const folder = t.testdir({
    'a.yml': twice,
    'b.yml': rule('b'),
    'c.yml':
      'title: F\nlogsource: { product: linux }\nfilter: { rules: any, s: { Image: x }, condition: s }\n',
    'd.yml': `${rule('d').replace('condition: s', 'condition: z')}---\n[]\n---\ntitle: [\n`,
  });
  const { summary, problems } = await lint([folder]);
  t.equal(problems.filter((p) => p.severity === 'error').length, 5);
  t.match(summary, { rules: 6, accepted: 2, refused: 4 });
  const sum = Object.values(summary.byReason).reduce((total, n) => total + n, 0);
  t.equal(sum, summary.refused);
  t.strictSame(summary.byReason, { 'rule.invalid': 2, 'rule.not_sigma': 1, 'rule.not_yaml': 1 });
});

const mapping = (from: string, to: string) =>
  `transformations:\n  - type: field_name_mapping\n    mapping: { ${from}: ${to} }\n`;

t.test('pipelines for some of the rules', async (t) => {
  const folder = t.testdir({
    pack: { 'a.yml': rule('a').replace('CommandLine', 'Befehl') },
    rules: {
      'b.yml': rule('b').replace('CommandLine', 'Befehl'),
      'filter.yml':
        'title: F\nlogsource: { category: process_creation }\nfilter: { rules: any, s: { Bild: x }, condition: s }\n',
    },
    pipelines: {
      'one.yml': mapping('Befehl', 'CommandLine'),
      'two.yml': mapping('Bild', 'Image'),
      'readme.md': '',
    },
    broken: { 'bad.yml': 'transformations: [{ type: magic }]', 'good.yml': mapping('Befehl', 'CommandLine') },
  });
  const [pack, rules] = [join(folder, 'pack'), join(folder, 'rules')];
  const own = { pipelines: [join(folder, 'pipelines')], under: [rules] };
  const loaded = await loadRules([pack, rules], [], [own]);
  t.match(
    loaded.problems.map(({ code, message }) => [code, message]),
    [
      ['rule.field_unknown', /Befehl/],
      ['rule.field_unknown', /Bild/],
    ],
    'the pack stays as it is, and so does the filter for it',
  );
  t.strictSame(
    loaded.ruleSet.filters.map(({ to }) => to),
    [['b', 'a'].sort()],
  );
  t.strictSame((await loadRules([pack], [], [{ pipelines: [join(folder, 'pipelines')] }])).problems, []);
  const { summary, problems } = await lint(
    [pack],
    [],
    [{ pipelines: [join(folder, 'broken'), 'nowhere.yml'] }],
  );
  t.match(summary, { accepted: 1, refused: 2, byReason: { 'pipeline.invalid': 1, 'rule.unreadable': 1 } });
  t.match(problems[0], { file: join(folder, 'broken', 'bad.yml'), line: 1, message: /magic/ });
  const builtIn = await lint([pack], [], [{ pipelines: ['windows-evtx', 'ecs'] }]);
  t.match(builtIn.summary, { accepted: 1, refused: 0 });
});

t.test('lists', async (t) => {
  const folder = t.testdir({
    one: { 'names.txt': '# who\nada\n\n  grace  \n', 'notes.md': 'no list' },
    two: { 'names.txt': 'eve\r\n' },
  });
  const { lists, problems } = await loadLists([
    join(folder, 'one'),
    join(folder, 'two'),
    join(folder, 'none'),
  ]);
  t.strictSame([...lists], [['names', ['ada', 'grace', 'eve']]]);
  t.strictSame(problems, []);
  symlinkSync('nowhere', join(folder, 'one', 'gone.txt'));
  t.match((await loadLists([join(folder, 'one')])).problems, [{ code: 'rule.unreadable' }]);
  const rules = t.testdir({ 'a.yml': rule('a', '%names%').replace('contains', 'expand') });
  t.equal((await loadRules([rules])).refused, 1);
});
