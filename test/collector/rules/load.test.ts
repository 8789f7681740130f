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
