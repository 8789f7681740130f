import t from 'tap';
import { explanationOf, holds, matches, problemWith } from './rules.ts';

const one = { 'process.command_line': 'one' };
const two = { 'process.command_line': 'two' };
const both = { 'process.command_line': 'one two' };
const none = { 'process.command_line': 'three' };
const a = { 'CommandLine|contains': 'one' };
const b = { 'CommandLine|contains': 'two' };
const events = [one, two, both, none, {}];

function over(condition: unknown, more: object = {}): readonly boolean[] {
  return matches({ a, b, ...more, condition }, events);
}

t.test('operators and their precedence', async (t) => {
  t.strictSame(over('a'), [true, false, true, false, false]);
  t.strictSame(over('a and b'), [false, false, true, false, false]);
  t.strictSame(over('a or b'), [true, true, true, false, false]);
  t.strictSame(over('not a'), [false, true, false, true, true], 'an absent field makes its item false');
  t.strictSame(over('a and not b'), [true, false, false, false, false]);
  t.strictSame(over('not a or b'), [false, true, true, true, true]);
  t.strictSame(over('not (a or b)'), [false, false, false, true, true]);
  t.strictSame(over('a or a and b'), [true, false, true, false, false], 'and binds tighter than or');
  t.strictSame(over('(a or a) and b'), [false, false, true, false, false]);
  t.strictSame(over('not not a'), [true, false, true, false, false]);
  t.strictSame(over('NOT a AND b'), [false, true, false, false, false]);
});

t.test('x of', async (t) => {
  const more = { sel_1: a, sel_2: b, _hidden: { 'CommandLine|contains': 'three' } };
  t.strictSame(over('1 of sel_*', more), [true, true, true, false, false]);
  t.strictSame(over('any of sel_*', more), [true, true, true, false, false]);
  t.strictSame(over('all of sel_*', more), [false, false, true, false, false]);
  t.strictSame(over('2 of sel_*', more), [false, false, true, false, false]);
  t.strictSame(over('1 of them', more), [true, true, true, false, false], 'them skips the underscore');
  t.strictSame(over('not 1 of sel_*', more), [false, false, false, true, true]);
  t.strictSame(over('all of them and not _hidden', more), [false, false, true, false, false]);
  t.strictSame(over('1 of _hid*', more), [false, false, false, true, false]);
  t.strictSame(
    matches({ x1: a, x2: b, x3: { ProcessId: 1 }, condition: '2 of x*' }, [
      both,
      { ...one, 'process.pid': 1 },
      { ...none, 'process.pid': 1 },
    ]),
    [true, true, false],
  );
});

t.test('lists', async (t) => {
  t.strictSame(over(['a', 'b']), [true, true, true, false, false], 'a list of conditions is or');
  t.strictSame(
    matches({ s: [{ CommandLine: 'one', ProcessId: 1 }, { CommandLine: 'two' }], condition: 's' }, [
      one,
      { ...one, 'process.pid': 1 },
      two,
    ]),
    [false, true, true],
  );
});

t.test('keywords look into every text field', async (t) => {
  const detection = { keywords: ['evil', 'b?d'], condition: 'keywords' };
  t.strictSame(
    matches(detection, [
      { 'process.executable': '/opt/EVIL/x' },
      { 'user.name': 'a bad one' },
      { 'event.truncated': ['x', 'evil'] },
      { 'process.command_line': 'fine' },
    ]),
    [true, true, true, false],
  );
  t.ok(
    matches({ k: { '|wide': 'ab' }, condition: 'k' }, [{ 'user.name': 'xa\0b\0y' }])[0],
    'encoded ones too',
  );
  t.strictSame(matches({ k: 'evil', condition: 'not k' }, [one, { 'user.name': 'evil' }]), [true, false]);
});

t.test('fields', async (t) => {
  t.ok(matches({ s: { 'process.command_line': 'one' }, condition: 's' }, [one])[0], 'ECS names');
  t.ok(matches({ s: { 'Command Line': 'one' }, condition: 's' }, [one])[0], 'spaces do not count');
  t.notOk(matches({ s: { Unheard: 'one' }, condition: 's' }, [one])[0]);
  t.ok(matches({ s: { Unheard: 'one' }, condition: 'not s' }, [one])[0], 'unknown is absent');
  t.ok(matches({ s: { Unheard: null }, condition: 's' }, [one])[0]);
  t.match(problemWith({ s: { Unheard: 'one' }, condition: 's' }), {
    code: 'rule.field_unknown',
    severity: 'warning',
  });
});

t.test('explanations', async (t) => {
  t.strictSame(explanationOf({ a, b, condition: 'a or b' }, both), [
    {
      selection: 'a',
      field: 'process.command_line',
      value: 'one two',
      test: "contains 'one'",
      modifiers: ['contains'],
    },
    {
      selection: 'b',
      field: 'process.command_line',
      value: 'one two',
      test: "contains 'two'",
      modifiers: ['contains'],
    },
  ]);
  t.strictSame(explanationOf({ a, b, condition: 'not b and a' }, one), [
    {
      selection: 'a',
      field: 'process.command_line',
      value: 'one',
      test: "contains 'one'",
      modifiers: ['contains'],
    },
  ]);
  t.strictSame(explanationOf({ k: 'one', condition: 'k' }, one), [
    { selection: 'k', field: undefined, value: 'one', test: "contains 'one'", modifiers: [] },
  ]);
  t.equal(
    explanationOf({ a, condition: 'a' }, { 'process.command_line': `one${'x'.repeat(900)}` })?.[0]?.value
      .length,
    512,
  );
});

t.test('conditions that are refused, with the place', async (t) => {
  const refused = (condition: unknown) => problemWith({ a, condition });
  t.match(refused('a and c'), { code: 'rule.invalid', message: /`c`/ });
  t.match(refused('a b'), { code: 'rule.invalid' });
  t.match(refused('a and'), { code: 'rule.invalid' });
  t.match(refused('(a'), { code: 'rule.invalid' });
  t.match(refused('a)'), { code: 'rule.invalid' });
  t.match(refused(''), { code: 'rule.invalid' });
  t.match(refused('1 of nothing*'), { code: 'rule.invalid' });
  t.match(refused('5 of them'), { code: 'rule.invalid' });
  t.match(refused('a | count() > 5'), { code: 'rule.invalid', message: /correlation/ });
  t.match(refused(`${'('.repeat(5_000)}a`), { code: 'rule.invalid' });
  t.match(refused(`${'not '.repeat(1_900)}a`), { code: 'rule.invalid' });
  t.match(refused(7), { code: 'rule.invalid' });
  t.match(refused([]), { code: 'rule.invalid' });
});

t.test('a selection named like a word', async (t) => {
  t.strictSame(matches({ not: a, condition: 'not' }, [one, none]), [true, false]);
  t.ok(holds('CommandLine', 'x', 'x'));
});
