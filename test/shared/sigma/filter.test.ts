import t from 'tap';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import { type MatchedTest, Matcher } from '../../../shared/sigma/index.ts';
import { compileText, type Fields, rowOf, specs } from './rules.ts';

const rules = `title: One
id: one
name: first
logsource: { category: process_creation, product: linux }
detection:
  sel: { Image|endswith: /nc }
  condition: sel
---
title: Two
id: two
logsource: { category: process_creation }
detection:
  sel: { Image|endswith: /nc }
  condition: sel
`;

function filter(section: string, logsource = 'category: process_creation'): string {
  return `---\ntitle: Admins are fine\nlogsource: { ${logsource} }\nfilter:\n${section}\n`;
}

/** Ids of the rules that match, with the tests that made them. */
function matched(text: string, event: Fields): ReadonlyMap<string, readonly MatchedTest[]> {
  const matcher = new Matcher(compileText(text).ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  const found = new Map<string, readonly MatchedTest[]>();
  matcher.match(
    columnarOf(eventSpecs['process.start'], [rowOf(event)]),
    'linux',
    ({ rule }, _row, explain) => {
      found.set(rule.id, explain());
    },
  );
  return found;
}

const admin: Fields = { 'process.executable': '/bin/nc', 'user.name': 'adm_ada' };
const other: Fields = { 'process.executable': '/bin/nc', 'user.name': 'eve' };
const admins = '  selection: { User|startswith: adm_ }\n  condition: selection';

t.test('the condition says what is left out', async (t) => {
  const text = `${rules}${filter(`  rules: [one, two]\n${admins}`)}`;
  t.strictSame(compileText(text).all, []);
  t.strictSame([...matched(text, admin).keys()], []);
  t.strictSame([...matched(text, other).keys()], ['one', 'two']);
  t.match(
    matched(text, other).get('one'),
    [{ selection: 'sel', field: 'process.executable' }],
    'and says why',
  );
});

t.test('rules by id, by name, any', async (t) => {
  const left = (which: string) => [
    ...matched(`${rules}${filter(`  rules: ${which}\n${admins}`)}`, admin).keys(),
  ];
  t.strictSame(left('[one]'), ['two']);
  t.strictSame(left('first'), ['two']);
  t.strictSame(left('any'), []);
});

t.test('the logsource of a rule must fall under the filter’s', async (t) => {
  const text = `${rules}${filter(`  rules: [one, two]\n${admins}`, 'product: linux')}`;
  t.strictSame([...matched(text, admin).keys()], ['two']);
  t.match(compileText(text).all, [
    { severity: 'warning', code: 'rule.reference_unknown', message: /two/, line: 19 },
  ]);
});

t.test('several filters, and conditions of several selections', async (t) => {
  const both = `  rules: any\n  a: { User: eve }\n  b: { Image|startswith: /bin }\n  condition: all of them`;
  const text = `${rules}${filter(`  rules: any\n${admins}`)}${filter(both)}`;
  t.strictSame([...matched(text, other).keys()], []);
  t.strictSame([...matched(text, { ...other, 'process.executable': '/tmp/nc' }).keys()], ['one', 'two']);
});

t.test('filters of rules that correlations count', async (t) => {
  const correlation =
    '---\ntitle: Many\nid: many\ncorrelation: { type: event_count, rules: [one], group-by: [User], timespan: 1m, condition: { gte: 3 } }\n';
  const text = `${rules}${correlation}${filter(`  rules: [one]\n${admins}`)}`;
  const { ruleSet } = compileText(text);
  t.ok(ruleSet.correlations[0]?.over[0] === ruleSet.rules[0], 'the filtered rule is the one referred to');
  const wrong = compileText(`${rules}${correlation}${filter(`  rules: [many, gone]\n${admins}`)}`);
  t.match(wrong.all, [{ message: /is a correlation/ }, { message: /gone/ }]);
  t.strictSame(wrong.refused, []);
  t.strictSame(wrong.ruleSet.filters[0]?.to, []);
});

t.test('the other reading is warned of, not followed', async (t) => {
  const text = `${rules}${filter('  rules: any\n  selection: { User: eve }\n  condition: not selection')}`;
  t.match(compileText(text).all, [
    { severity: 'warning', code: 'rule.discouraged', message: /other way round/ },
  ]);
  t.strictSame([...matched(text, other).keys()], ['one', 'two']);
  t.strictSame([...matched(text, admin).keys()], []);
});

t.test('a bad filter takes nothing else down', async (t) => {
  const sections: readonly (readonly [string, string])[] = [
    [admins, 'names no rules'],
    [`  rules: []\n${admins}`, 'names no rules'],
    [`  rules: [{ a: 1 }]\n${admins}`, 'not named'],
    ['  rules: any\n  selection: { User: a }', 'no condition'],
    ['  rules: any\n  selection: { User|shouts: a }\n  condition: selection', 'shouts'],
    ['  rules: any\n  selection: { User: a }\n  condition: elsewhere', 'elsewhere'],
  ];
  for (const [section, message] of sections) {
    const { ruleSet, all } = compileText(`${rules}${filter(section)}`);
    t.equal(ruleSet.rules.length, 2, message);
    t.match(all, [{ severity: 'error', message: new RegExp(message) }], message);
    t.ok((all[0]?.line ?? 0) >= 15, message);
  }
  const sourceless = compileText(`${rules}---\ntitle: F\nfilter:\n  rules: any\n${admins}\n`);
  t.match(sourceless.all, [{ message: /logsource/ }]);
});
