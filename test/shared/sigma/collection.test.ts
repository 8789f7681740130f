import t from 'tap';
import type { DetectionRule } from '../../../shared/sigma/index.ts';
import { parseRules } from '../../../shared/sigma/index.ts';

const shared = `action: global
title: Shared
id: 11111111-1111-4111-8111-111111111111
tags: [attack.t1543]
level: high
detection:
  seen:
    EventID: 1
  condition: seen and more
`;
const first = `logsource: { product: windows, service: security }
detection:
  more: { Image: a }
`;
const second = `logsource: { product: windows, service: system }
detection:
  more: { Image: b }
`;

function rulesOf(...parts: readonly string[]) {
  const parsed = parseRules(parts.join('---\n'), 'file.yml');
  return { ...parsed, rules: parsed.documents.filter((d): d is DetectionRule => d.kind === 'rule') };
}

/** The values of a selection's items, by field. */
function valuesIn(rule: DetectionRule | undefined, name: string): readonly unknown[] {
  const search = rule?.searches.get(name);
  const parts = search === undefined ? [] : search.kind === 'item' ? [search] : search.of;
  return parts.flatMap((p) => (p.kind === 'item' ? p.item.values.map(({ value }) => value) : []));
}

t.test('global is merged over what follows', async (t) => {
  const { rules, problems } = rulesOf(shared, first, second);
  t.strictSame(problems, []);
  t.match(rules, [
    { title: 'Shared', level: 'high', tags: ['attack.t1543'], logsource: { service: 'security' } },
    { title: 'Shared', level: 'high', logsource: { service: 'system' } },
  ]);
  t.strictSame(
    rules.map((r) => [valuesIn(r, 'seen'), valuesIn(r, 'more')]),
    [
      [[1], ['a']],
      [[1], ['b']],
    ],
  );
  t.equal(rules[0]?.id, '11111111-1111-4111-8111-111111111111');
  t.not(rules[1]?.id, rules[0]?.id, 'one id is not given twice');
  t.strictSame(rules[1]?.place, { line: 15, column: 1 });
});

t.test('an id of its own stays', async (t) => {
  const { rules } = rulesOf(shared, `id: own\n${first}`, second);
  t.strictSame(
    rules.map(({ id }) => id),
    ['own', '11111111-1111-4111-8111-111111111111'],
  );
});

t.test('global wins over plain values, as in pySigma', async (t) => {
  const { rules } = rulesOf(shared, `title: Own\nlevel: low\n${first}`);
  t.match(rules, [{ title: 'Shared', level: 'high' }]);
});

t.test('reset ends it', async (t) => {
  const { rules, problems, reasons } = rulesOf(shared, first, 'action: reset\n', second);
  t.equal(rules.length, 1);
  t.match(problems, [{ code: 'rule.not_sigma', message: /title/ }]);
  t.strictSame(reasons, ['rule.not_sigma']);
});

t.test('repeat goes over what came before', async (t) => {
  const whole = `title: Whole\n${first.replace('more: { Image: a }', 'sel: { Image: a, User: u }\n  condition: sel')}`;
  const { rules, problems } = rulesOf(
    whole,
    'action: repeat\ndetection:\n  sel: { Image: c }\n',
    'action: repeat\nlogsource: { service: system }\n',
  );
  t.strictSame(problems, []);
  t.strictSame(
    rules.map((r) => [r.logsource.product, r.logsource.service, valuesIn(r, 'sel')]),
    [
      ['windows', 'security', ['a', 'u']],
      ['windows', 'security', ['c', 'u']],
      ['windows', 'system', ['c', 'u']],
    ],
  );
  t.equal(new Set(rules.map(({ id }) => id)).size, 3);
});

t.test('problems point to where a part was written', async (t) => {
  const bad = shared.replace('condition: seen and more', 'condition: seen and less');
  t.match(rulesOf(bad, first).problems, [{ line: 9, column: 23, message: /less/ }]);
  const worse = first.replace('a }', '[[x]] }');
  t.match(rulesOf(shared, worse).problems, [{ line: 13, message: /list or a map/ }]);
});

t.test('actions that make no sense', async (t) => {
  t.match(rulesOf('action: repeat\ntitle: T\n').problems, [
    { code: 'rule.invalid', message: /nothing before/ },
  ]);
  const odd = rulesOf('action: shuffle\ntitle: T\n', shared, first);
  t.match(odd.problems, [{ code: 'rule.invalid', message: /shuffle/, line: 1, column: 9 }]);
  t.equal(odd.rules.length, 1, 'the others go on');
});

t.test('merging is bounded', async (t) => {
  const values = Array.from({ length: 1000 }, (_, i) => i).join(',');
  const wide = shared.replace('EventID: 1', `EventID: [${values}]`);
  const many = Array.from({ length: 1100 }, () => 'logsource: { product: windows }\n');
  const { problems, rules } = rulesOf(wide.replace('seen and more', 'seen'), ...many);
  t.ok(rules.length > 900 && rules.length < 1000, String(rules.length));
  t.match(problems[0], { code: 'rule.too_large', message: /Merging/ });
});
