import t from 'tap';
import { parseRules } from '../../../shared/sigma/index.ts';
import { compileText, problemWith, ruleText } from './rules.ts';

const head = 'title: T\nlogsource: { category: process_creation }\n';

function first(text: string) {
  return parseRules(text, 'bad.yml').problems[0];
}

t.test('what is not YAML', async (t) => {
  t.match(first('title: [\nx'), { code: 'rule.not_yaml', file: 'bad.yml' });
  t.match(first('a: 1\n  b: 2\n'), { code: 'rule.not_yaml', line: 1 });
  t.match(first('\u0000\u0001\u0002'), { severity: 'error' });
  t.match(first(`${head}title: twice\ndetection: {}`), { code: 'rule.not_yaml', message: /twice/ });
});

t.test('what is not Sigma', async (t) => {
  t.match(first(''), { code: 'rule.not_sigma', line: 1, column: 1 });
  t.match(first('just words'), { code: 'rule.not_sigma' });
  t.match(first('- a\n- b'), { code: 'rule.not_sigma' });
  t.match(first('apiVersion: v1\nkind: Pod\n'), { code: 'rule.not_sigma' });
  t.match(first('title: T\ndetection: { s: { a: b }, condition: s }'), {
    code: 'rule.not_sigma',
    message: /logsource/,
  });
  t.match(first(head), { code: 'rule.not_sigma', message: /detection/ });
  t.match(first(`${head}detection: { s: { a: b } }`), { code: 'rule.not_sigma', message: /condition/ });
  t.match(first(`${head}detection: words`), { code: 'rule.not_sigma' });
  t.match(first('title: T\nlogsource: {}\ndetection: { s: { a: b }, condition: s }'), {
    code: 'rule.invalid',
  });
  t.match(first(`${head}level: loud\ndetection: { s: { a: b }, condition: s }`), {
    code: 'rule.invalid',
    line: 3,
    column: 8,
  });
});

t.test('selections of the wrong form', async (t) => {
  for (const s of [{}, [], { a: [] }, { a: { b: 'c' } }, { a: [['b']] }, [{}]])
    t.match(
      problemWith({ s, condition: 's' }),
      { code: 'rule.invalid', severity: 'error' },
      JSON.stringify(s),
    );
  t.match(first(`${head}detection: { s: { ? [a] : b }, condition: s }`), { code: 'rule.invalid' });
});

t.test('the place of a bad value', async (t) => {
  const text = `${head}detection:\n  s:\n    CommandLine|re:\n      - fine\n      - '(['\n  condition: s\n`;
  t.match(compileText(text).all[0], { code: 'rule.invalid', line: 7, column: 9 });
});

t.test('bombs end soon', async (t) => {
  const level = (i: number) => String.fromCharCode(97 + i);
  const laughs = [`a: &a [${Array(9).fill('x').join(',')}]`];
  for (let i = 1; i < 12; i++)
    laughs.push(
      `${level(i)}: &${level(i)} [${Array(9)
        .fill(`*${level(i - 1)}`)
        .join(',')}]`,
    );
  const bombs: Record<string, string> = {
    laughs: laughs.join('\n'),
    self: 'title: &a [*a]',
    anchors: Array.from({ length: 20_000 }, (_, i) => `k${i}: &a${i} 1`).join('\n'),
    brackets: '['.repeat(100_000),
    dashes: '- '.repeat(50_000),
    keys: Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n'),
    long: 'x'.repeat(3_000_000),
  };
  // Far more than any takes, far less than what grows with more than its length would.
  const maxCpuUs = 20e6;
  for (const [name, text] of Object.entries(bombs)) {
    const before = process.cpuUsage();
    t.match(first(text), { severity: 'error' }, name);
    const { user, system } = process.cpuUsage(before);
    t.ok(user + system < maxCpuUs, `${name} took ${Math.round((user + system) / 1000)} ms of a processor`);
  }
});

t.test('one bad document does not take the others down', async (t) => {
  const good = `${head}detection: { s: { CommandLine: x }, condition: s }`;
  const { ruleSet, all } = compileText([good, 'title: bad', good.replace('T', 'U')].join('\n---\n'));
  t.equal(ruleSet.rules.length, 2);
  t.match(all, [{ code: 'rule.not_sigma', line: 5 }]);
});

t.test('regular expressions that cannot be run safely', async (t) => {
  const refused = (re: string) => problemWith({ s: { 'CommandLine|re': re }, condition: 's' });
  t.match(refused('(a)\\1'), { code: 'rule.regex_unsafe' });
  t.match(refused('(?=a)b'), { code: 'rule.regex_unsafe' });
  t.match(refused('(?<!a)b'), { code: 'rule.regex_unsafe' });
  t.match(refused('(?>a+)b'), { code: 'rule.regex_unsafe' });
  t.match(refused('((a{900}){900}){900}'), { code: 'rule.regex_unsafe' });
  t.match(refused('a{99999}'), { code: 'rule.regex_unsafe' });
  for (const bad of ['(', ')', '[a', 'a**b\\', '*a', '[z-a]', '\\q', '(?x)a', 'a{3,2}'])
    t.match(refused(bad), { severity: 'error' }, bad);
});

t.test('ids', async (t) => {
  const { all, ruleSet } = compileText(
    [ruleText({ s: { User: 'a' }, condition: 's' }), ruleText({ s: { User: 'b' }, condition: 's' })].join(
      '\n---\n',
    ),
  );
  t.match(all, [{ code: 'rule.duplicate' }]);
  t.equal(ruleSet.rules.length, 1);
  const bare = `${head}detection: { s: { User: x }, condition: s }`;
  const id = (text: string) => parseRules(text, 'a.yml').documents[0]?.id;
  t.equal(id(bare), id(bare), 'a rule without an id gets the same one every time');
  t.not(id(bare), id(`${bare} `.replace('x', 'y')));
});
