import t from 'tap';
import { type Fields, holds, matches, problemWith } from './rules.ts';

const c = 'CommandLine';

t.test('plain values: whole, without regard to case', async (t) => {
  t.ok(holds(c, 'WhoAmI', 'whoami'));
  t.notOk(holds(c, 'whoami', 'whoami '));
  t.ok(holds(c, ['a', 'b'], 'B'));
  t.ok(holds(c, 'ΟΔΟΣ', 'οδος'), 'final sigma');
});

t.test('wildcards and escapes', async (t) => {
  t.ok(holds(c, 'a*c', 'abbbc'));
  t.ok(holds(c, 'a*c', 'ac'));
  t.ok(holds(c, 'a?c', 'abc'));
  t.notOk(holds(c, 'a?c', 'ac'));
  t.notOk(holds(c, 'a*b', 'aba'));
  t.ok(holds(c, 'a*b*b', 'abb'));
  t.notOk(holds(c, 'ab*ba', 'aba'), 'ends may not overlap');
  t.ok(holds(c, '*', ''), 'a lone star holds for the empty value');
  t.notOk(holds(c, '*', undefined));
  t.ok(holds(c, 'C:\\temp\\x', 'c:\\temp\\x'), 'a backslash before a letter is itself');
  t.ok(holds(c, 'a\\*b', 'a*b'));
  t.notOk(holds(c, 'a\\*b', 'axb'));
  t.ok(holds(c, 'a\\?b', 'a?b'));
  t.notOk(holds(c, 'a\\?b', 'axb'));
  t.ok(holds(c, 'a\\\\b', 'a\\b'), 'two backslashes are one');
  t.ok(holds(c, 'a\\\\*b', 'a\\xyzb'), 'backslash and wildcard');
  t.notOk(holds(c, 'a\\\\*b', 'axyzb'));
  t.ok(holds(c, 'a\\\\\\*b', 'a\\*b'), 'backslash and star');
  t.notOk(holds(c, 'a\\\\\\*b', 'a\\xb'));
  t.ok(holds(c, 'end\\', 'end\\'));
});

t.test('contains, startswith, endswith', async (t) => {
  t.ok(holds(`${c}|contains`, 'B c', 'ab cd'));
  t.notOk(holds(`${c}|contains`, 'bd', 'ab cd'));
  t.ok(holds(`${c}|contains`, 'a*d', 'xabcdx'));
  t.ok(holds(`${c}|contains`, '', ''));
  t.notOk(holds(`${c}|contains`, '', undefined));
  t.ok(holds(`${c}|startswith`, 'AB', 'abc'));
  t.notOk(holds(`${c}|startswith`, 'b', 'abc'));
  t.ok(holds(`${c}|endswith`, '/nc', '/bin/nc'));
  t.notOk(holds(`${c}|endswith`, '/nc', '/nc/x'));
  t.ok(holds(`${c}|endswith`, 'a\\\\', 'xa\\'));
  t.ok(holds(`${c}|endswith`, 'aa', 'aaa'), 'overlapping occurrences');
});

t.test('all', async (t) => {
  t.ok(holds(`${c}|contains|all`, ['a', 'b'], 'b-a'));
  t.notOk(holds(`${c}|contains|all`, ['a', 'b'], 'a'));
  t.ok(holds(`${c}|all|contains`, ['a', 'b'], 'ab'), 'wherever it stands');
  t.strictSame(
    matches({ keywords: { '|all': ['one', 'two'] }, condition: 'keywords' }, [
      { 'process.command_line': 'one', 'process.executable': '/two' },
      { 'process.command_line': 'one' },
    ]),
    [true, false],
  );
});

t.test('cased and neq', async (t) => {
  t.ok(holds(`${c}|cased`, 'Ab', 'Ab'));
  t.notOk(holds(`${c}|cased`, 'Ab', 'ab'));
  t.ok(holds(`${c}|contains|cased`, 'B', 'aBc'));
  t.notOk(holds(`${c}|contains|cased`, 'B', 'abc'));
  t.notOk(holds(`${c}|cased`, 'A*', 'ab'));
  t.ok(holds(`${c}|neq`, 'a', 'b'));
  t.notOk(holds(`${c}|neq`, 'a', 'A'));
  t.notOk(holds(`${c}|neq`, ['a', 'b'], 'b'));
  t.notOk(holds(`${c}|neq`, 'a', undefined), 'an absent field differs from nothing');
});

t.test('null, empty, exists', async (t) => {
  t.ok(holds(c, null, undefined));
  t.notOk(holds(c, null, ''));
  t.ok(holds(c, '', ''));
  t.notOk(holds(c, '', undefined));
  t.notOk(holds(c, '', 'a'));
  t.ok(holds(c, [null, 'a'], undefined));
  t.ok(holds(`${c}|exists`, true, ''));
  t.notOk(holds(`${c}|exists`, true, undefined));
  t.ok(holds(`${c}|exists`, false, undefined));
  t.ok(holds(`${c}|exists`, 'true', 'a'));
  t.match(problemWith({ sel: { [`${c}|exists`]: 'maybe' }, condition: 'sel' }), { code: 'rule.invalid' });
});

t.test('numbers and booleans', async (t) => {
  const event = { 'process.pid': 11, 'event.baseline': true };
  const held = (key: string, value: unknown) =>
    matches({ sel: { [key]: value }, condition: 'sel' }, [event])[0];
  t.ok(held('ProcessId', 11));
  t.ok(held('ProcessId', '11'));
  t.ok(held('ProcessId', '1*'));
  t.ok(held('ProcessId|startswith', 1));
  t.notOk(held('ProcessId', 1));
  t.ok(held('event.baseline', true));
  t.ok(held('event.baseline', 'True'));
  t.notOk(held('event.baseline', false));
  t.ok(held('ProcessId|gt', 10));
  t.notOk(held('ProcessId|gt', 11));
  t.ok(held('ProcessId|gte', 11));
  t.ok(held('ProcessId|lt', 11.5));
  t.ok(held('ProcessId|lte', '11'));
  t.notOk(held('ProcessId|lt', 9), 'as numbers, not texts');
  t.notOk(holds(`${c}|gt`, 1, 'two'));
  t.ok(holds(`${c}|gt`, 1, '2'));
  t.match(problemWith({ sel: { 'ProcessId|gt': 'many' }, condition: 'sel' }), { code: 'rule.invalid' });
});

t.test('re', async (t) => {
  t.ok(holds(`${c}|re`, 'a.c', 'xabcx'));
  t.notOk(holds(`${c}|re`, '^a.c$', 'xabcx'));
  t.notOk(holds(`${c}|re`, 'ABC', 'abc'), 'case matters');
  t.ok(holds(`${c}|re|i`, 'ABC', 'abc'));
  t.ok(holds(`${c}|re`, '(?i)ABC', 'abc'));
  t.notOk(holds(`${c}|re`, 'a.c', 'a\nc'));
  t.ok(holds(`${c}|re|s`, 'a.c', 'a\nc'));
  t.notOk(holds(`${c}|re`, '^b', 'a\nb'));
  t.ok(holds(`${c}|re|m`, '^b', 'a\nb'));
  t.ok(holds(`${c}|re|i|m|s`, '^B.c$', 'a\nb\nc\nd'));
  t.ok(holds(`${c}|re`, 'a\\*b\\\\c', 'a*b\\c'), 'backslashes are the expression’s own');
  t.match(problemWith({ sel: { [`${c}|contains|i`]: 'a' }, condition: 'sel' }), { code: 'rule.invalid' });
});

t.test('windash', async (t) => {
  for (const dash of ['-', '/', '–', '—', '―']) {
    t.ok(holds(`${c}|contains|windash`, ' -enc ', `cmd ${dash}enc x`), dash);
    t.ok(holds(`${c}|windash|contains`, '/c', `cmd ${dash}c x`), dash);
    for (const other of ['-', '/', '–', '—', '―']) {
      t.ok(holds(`${c}|windash`, 'x -a -b', `x ${dash}a ${other}b`), `${dash}${other}`);
    }
  }
  t.notOk(holds(`${c}|windash`, 'a-b', 'a/b'), 'not inside a word');
  t.notOk(holds(`${c}|contains|windash`, ' -enc ', 'cmd +enc x'));
  t.ok(holds(`${c}|endswith|windash`, '-c', 'cmd /c'));
});

t.test('base64 and wide', async (t) => {
  const utf16 = (text: string) => Buffer.from(text, 'utf16le').toString('base64');
  t.ok(holds(`${c}|base64`, 'foobar', Buffer.from('foobar').toString('base64')));
  t.ok(holds(`${c}|base64|contains`, 'foo', `x ${Buffer.from('foo').toString('base64')} y`));
  for (const before of ['', 'x', 'xy', 'xyz']) {
    const encoded = Buffer.from(`${before}/bin/bash and more`).toString('base64');
    t.ok(holds(`${c}|base64offset|contains`, '/bin/bash', `echo ${encoded}`), `after ${before.length}`);
  }
  t.notOk(holds(`${c}|base64offset|contains`, '/bin/bash', Buffer.from('/bin/dash').toString('base64')));
  t.ok(holds(`${c}|wide|base64`, 'cmd', utf16('cmd')));
  t.ok(holds(`${c}|utf16le|base64`, 'cmd', utf16('cmd')));
  for (const before of ['', 'x', 'xy'])
    t.ok(
      holds(`${c}|wide|base64offset|contains`, 'http://', utf16(`${before}http://a`)),
      `wide after ${before}`,
    );
  t.ok(holds(`${c}|utf16be|base64`, 'cmd', Buffer.from('\0c\0m\0d').toString('base64')));
  t.ok(holds(`${c}|utf16|base64`, 'cmd', Buffer.from('\uFEFFcmd', 'utf16le').toString('base64')));
  t.match(problemWith({ sel: { [`${c}|base64`]: 'a*' }, condition: 'sel' }), { code: 'rule.invalid' });
});

t.test('cidr', async (t) => {
  t.ok(holds(`${c}|cidr`, '10.0.0.0/8', '10.255.3.4'));
  t.notOk(holds(`${c}|cidr`, '10.0.0.0/8', '11.0.0.1'));
  t.ok(holds(`${c}|cidr`, '192.168.4.0/22', '192.168.7.255'));
  t.notOk(holds(`${c}|cidr`, '192.168.4.0/22', '192.168.8.0'));
  t.ok(holds(`${c}|cidr`, '0.0.0.0/0', '1.2.3.4'));
  t.notOk(holds(`${c}|cidr`, '0.0.0.0/0', '2001:db8::1'));
  t.ok(holds(`${c}|cidr`, '10.1.2.3', '10.1.2.3'), 'a lone address');
  t.ok(holds(`${c}|cidr`, '10.0.0.0/8', '::ffff:10.1.2.3'), 'mapped');
  t.ok(holds(`${c}|cidr`, '2001:db8::/32', '2001:db8:ffff::1'));
  t.notOk(holds(`${c}|cidr`, '2001:db8::/32', '2001:db9::1'));
  t.ok(holds(`${c}|cidr`, 'fe80::/10', 'fe80::1%eth0'));
  t.ok(holds(`${c}|cidr`, '::1/128', '0:0:0:0:0:0:0:1'));
  t.notOk(holds(`${c}|cidr`, '10.0.0.0/8', 'ten'));
  t.ok(holds(`${c}|cidr`, ['1.1.1.1', '10.0.0.0/8', '10.1.0.0/16'], '10.2.3.4'), 'any of several');
  t.ok(holds(`${c}|cidr|all`, ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/23'], '10.1.3.4'), 'nested');
  for (const bad of ['10.0.0.0/33', '10.0.0/8', 'fe80::/129', 'x', '10.0.0.0/8/8', '10.0.0.0/'])
    t.match(problemWith({ sel: { [`${c}|cidr`]: bad }, condition: 'sel' }), { code: 'rule.invalid' }, bad);
});

t.test('expand', async (t) => {
  const lists = new Map([
    ['admins', ['ada', 'gr*']],
    ['nets', ['10.0.0.0/8', '192.168.0.0/16']],
  ]);
  t.ok(holds(`${c}|expand`, '%admins%', 'ADA', lists));
  t.ok(holds(`${c}|expand`, '%admins%', 'grace', lists), 'wildcards in lists are live');
  t.notOk(holds(`${c}|expand`, '%admins%', 'eve', lists));
  t.ok(holds(`${c}|expand`, 'corp\\\\%admins%', 'CORP\\ada', lists), 'an escaped backslash before it');
  t.ok(holds(`${c}|contains|expand`, '%admins%', 'su ada -', lists));
  t.ok(holds(`${c}|expand|contains`, '%admins%', 'su ada -', lists));
  t.ok(holds(`${c}|expand|cidr`, '%nets%', '192.168.1.1', lists));
  t.ok(holds(c, '%admins%', '%admins%', lists), 'without expand it is plain text');
  t.match(problemWith({ sel: { [`${c}|expand`]: '%nobody%' }, condition: 'sel' }), {
    code: 'rule.placeholder_unresolved',
    severity: 'error',
  });
});

t.test('fieldref', async (t) => {
  const held = (key: string, event: Record<string, string>) =>
    matches({ sel: { [key]: 'ParentImage' }, condition: 'sel' }, [event])[0];
  const event = { 'process.executable': '/bin/SH', 'process.parent.executable': '/bin/sh' };
  t.ok(held('Image|fieldref', event));
  t.notOk(held('Image|cased|fieldref', event));
  t.notOk(held('Image|fieldref', { 'process.executable': '/bin/sh' }));
  t.notOk(held('Image|neq|fieldref', event));
  t.ok(held('CommandLine|fieldref|contains', { ...event, 'process.command_line': 'x /bin/sh y' }));
});

t.test('unknown modifiers are refused at their place', async (t) => {
  const problem = problemWith({ sel: { 'CommandLine|sounds': 'a' }, condition: 'sel' });
  t.match(problem, { code: 'rule.invalid', file: 'test.yml', line: 1 });
  t.ok((problem?.column ?? 0) > 10);
  t.match(problem?.message, /sounds/);
});

t.test('expand: escaped percent signs and several placeholders', async (t) => {
  const lists = new Map([
    ['user', ['ada', 'eve']],
    ['host', ['alpha', 'b?ta']],
    ['dots', ['a.c']],
  ]);
  t.ok(holds(`${c}|expand`, '\\%plain%user%', '%plainada', lists));
  t.notOk(holds(`${c}|expand`, '\\%plain%user%', '%plain%user%', lists));
  t.ok(holds(`${c}|expand`, '100\\%', '100%', lists));
  t.ok(holds(`${c}|expand`, '%user%@%host%', 'EVE@beta', lists));
  t.notOk(holds(`${c}|expand`, '%user%@%host%', 'eve@beeta', lists));
  t.ok(holds(`${c}|expand`, '%user%-%user%', 'ada-eve', lists), 'each place by itself');
  t.ok(holds(`${c}|expand`, '*%user%?', 'xx ada!', lists), 'wildcards beside placeholders');
  t.ok(holds(`${c}|re|expand`, '^x+%dots%$', 'xxa.c', lists));
  t.notOk(holds(`${c}|re|expand`, '^x+%dots%$', 'xxabc', lists), 'values are text in an expression');
  t.ok(holds(`${c}|contains|expand|cased`, '%user%', 'su ada -', lists));
  t.notOk(holds(`${c}|contains|expand|cased`, '%user%', 'su ADA -', lists));
});

t.test('parts of dates', async (t) => {
  const us = String(Date.UTC(2024, 1, 29, 22, 41, 7) * 1000);
  const forms = [
    us,
    us.slice(0, -3),
    us.slice(0, -6),
    `${us}000`,
    '2024-02-29T22:41:07Z',
    '2024-02-29 22:41:07.123',
    '2024-03-01T00:41:07+02:00',
    '2024-02-29T17:11:07-0530',
  ];
  for (const value of forms) {
    t.ok(holds(`${c}|minute`, 41, value), value);
    t.ok(holds(`${c}|hour`, [3, 22], value), value);
    t.notOk(holds(`${c}|hour`, 21, value), value);
    t.ok(holds(`${c}|hour|gte`, 22, value), value);
    t.ok(holds(`${c}|gte|hour`, 22, value), `${value}, the other way round`);
    t.notOk(holds(`${c}|hour|gt`, 22, value), value);
    t.ok(holds(`${c}|hour|lt`, '23', value), value);
    t.ok(holds(`${c}|day|lte`, 29, value), value);
    t.ok(holds(`${c}|week`, 9, value), value);
    t.ok(holds(`${c}|month`, 2, value), value);
    t.ok(holds(`${c}|year`, 2024, value), value);
    t.ok(holds(`${c}|hour|neq`, [9, 10], value), value);
    t.notOk(holds(`${c}|neq|hour`, [9, 22], value), value);
  }
  t.ok(holds(`${c}|day`, 5, '2024-05-05'), 'a date alone');
  t.ok(holds(`${c}|hour`, 0, '2024-05-05'));
  for (const no of ['', 'noon', '2024-13-01', '2024-02-30', '22:41', '2024-02-29T25:00:00Z', '1e300'])
    t.notOk(holds(`${c}|year|gte`, 0, no), no);
  t.notOk(holds(`${c}|hour`, 3, undefined));
  t.notOk(holds(`${c}|hour|neq`, 3, undefined));
});

t.test('weeks are those of ISO 8601', async (t) => {
  const weeks: readonly (readonly [string, number])[] = [
    ['2020-12-31', 53],
    ['2021-01-03', 53],
    ['2021-01-04', 1],
    ['2024-12-29', 52],
    ['2024-12-30', 1],
    ['2026-01-01', 1],
    ['1969-12-31', 1],
  ];
  for (const [date, week] of weeks) t.ok(holds(`${c}|week`, week, date), date);
});

t.test('regular expressions with affixes', async (t) => {
  t.ok(holds(`${c}|re|contains`, 'b+', 'abbc'));
  t.ok(holds(`${c}|re|startswith`, 'a|b', 'bc'));
  t.notOk(holds(`${c}|re|startswith`, 'a|b', 'cb'));
  t.ok(holds(`${c}|endswith|re`, 'a|b', 'cb'));
  t.notOk(holds(`${c}|endswith|re`, 'a|b', 'bc'));
  t.ok(holds(`${c}|wide|contains`, 'a', 'xa\0x'), 'bytes too');
});

t.test('fieldref with affixes, whichever comes first', async (t) => {
  const event = { 'process.executable': '/bin/sh', 'process.command_line': '/BIN/SH -c id' };
  const held = (key: string) => matches({ sel: { [key]: 'Image' }, condition: 'sel' }, [event])[0];
  for (const key of ['fieldref|startswith', 'startswith|fieldref', 'fieldref|contains', 'contains|fieldref'])
    t.ok(held(`CommandLine|${key}`), key);
  t.notOk(held('CommandLine|fieldref|endswith'));
  t.notOk(held('CommandLine|fieldref|startswith|cased'));
  t.ok(held('CommandLine|fieldref|neq'));
  t.notOk(held('CommandLine|fieldref|startswith|neq'));
});

t.test('keywords with modifiers', async (t) => {
  const events: readonly Fields[] = [
    { 'process.command_line': 'curl -O Evil.sh' },
    { 'process.executable': '/bin/ls' },
  ];
  const found = (item: Record<string, unknown>) => matches({ keywords: item, condition: 'keywords' }, events);
  t.strictSame(found({ '|re': 'E[v]il' }), [true, false]);
  t.strictSame(found({ '|re|i': 'e[v]il' }), [true, false]);
  t.strictSame(found({ '|contains': 'evil' }), [true, false]);
  t.strictSame(found({ '|cased': 'evil' }), [false, false]);
  t.strictSame(found({ '|contains|all': ['evil', 'curl'] }), [true, false]);
  t.strictSame(found({ '|windash': ' /O ' }), [true, false]);
  t.strictSame(found({ '|base64offset|contains': 'evil' }), [false, false]);
});

t.test('what cannot be combined is refused with the reason', async (t) => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    [`${c}|hour|minute`, 3, /hour.*minute/],
    [`${c}|hour`, 24, /from 0 to 23/],
    [`${c}|week`, 54, /from 1 to 53/],
    [`${c}|hour`, 'noon', /number/],
    [`${c}|hour|contains`, 3, /needs a text/],
    [`${c}|lt|gt`, 3, /two items/],
    [`${c}|lt|neq`, 3, /exclude/],
    [`${c}|cased|gt`, 3, /exclude/],
    [`${c}|contains|cidr`, '10.0.0.0/8', /not a network/],
    [`${c}|cidr|contains`, '10.0.0.0/8', /needs a text/],
    [`${c}|exists|contains`, true, /exclude/],
    [`${c}|exists`, [true, false], /one value/],
    [`${c}|contains|contains`, 'a', /twice/],
    [`${c}|fieldref`, 'Im*', /wildcards/],
    [`${c}|fieldref|re`, 'Image', /needs a text/],
    [`${c}|re|cidr`, 'a', /needs a text/],
    [`${c}|contains`, null, /needs a text/],
    ['|exists', true, /needs a field/],
    ['|hour', 3, /needs a field/],
    ['|fieldref', 'Image', /needs a field/],
  ];
  for (const [key, value, message] of cases)
    t.match(problemWith({ sel: { [key]: value }, condition: 'sel' }), { severity: 'error', message }, key);
});

t.test('what is only discouraged is a warning', async (t) => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    [`${c}|contains|all`, 'a', /single value/],
    [c, ['a', null], /null/],
    [`${c}|startswith|endswith`, 'a', /mean `contains`/],
    [`${c}|contains`, '', /every value/],
    ['|startswith', 'a', /anywhere/],
  ];
  for (const [key, value, message] of cases) {
    const problem = problemWith({ sel: { [key]: value }, condition: 'sel' });
    t.match(problem, { severity: 'warning', code: 'rule.discouraged', message }, key);
  }
});
