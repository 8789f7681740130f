/** `vedette rules test`: what passes, what fails and how it is told, and what is proposed to start from. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readCases } from '../../../collector/rules/case-file.ts';
import { loadRules, packListsPath, packPath } from '../../../collector/rules/load.ts';
import { suggestCases } from '../../../collector/rules/suggest-case.ts';
import { testVerdicts } from '../../../collector/rules/verdicts.ts';
import { tempFolder } from '../../temp.ts';
import { vedette, vedetteJson } from '../../vedette.ts';

const rule = `title: Netcat
id: 11111111-1111-4111-8111-111111111111
name: netcat
logsource:
  category: process_creation
  product: linux
detection:
  tool:
    Image|endswith: /nc
  listens:
    CommandLine|contains: ' -l'
  filter:
    User: backup
  condition: tool and listens and not filter
level: high
`;
const burst = `title: Netcat on many hosts
id: 22222222-2222-4222-8222-222222222222
correlation:
  type: value_count
  rules: [netcat]
  generate: true
  group-by: [user.name]
  timespan: 5m
  condition:
    field: host.id
    gte: 2
level: critical
`;
const hit = `  - name: listens
    expect: hit
    events:
      - { type: process.start, Image: /bin/nc, CommandLine: nc -l 1 }
`;
const miss = `  - name: connects
    expect: miss
    events:
      - { type: process.start, process.executable: /bin/nc, process.command_line: nc host 1 }
`;

function folderOf(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = join(tempFolder(t), 'rules');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

interface Result {
  readonly summary: { readonly cases: number; readonly failed: number; readonly tested: number };
  readonly rules: readonly { readonly id: string; readonly verdict: string }[];
  readonly cases: readonly { readonly name: string; readonly passed: boolean; readonly detail: string }[];
  readonly problems: readonly { readonly code: string; readonly file: string; readonly line: number }[];
}

t.test('hits, near-misses, several hosts, times and exact numbers', async (t) => {
  const two = `  - name: two hosts within five minutes
    expect: hit
    rule: Netcat on many hosts
    alerts: 1
    events:
      - { type: process.start, host: a, user.name: eve, Image: /bin/nc, CommandLine: nc -l 1 }
      - { type: process.start, host: b, at: 200, user.name: eve, Image: /bin/nc, CommandLine: nc -l 1 }
  - name: two hosts, too far apart
    expect: miss
    rule: Netcat on many hosts
    events:
      - { type: process.start, host: a, user.name: eve, Image: /bin/nc, CommandLine: nc -l 1 }
      - { type: process.start, host: b, at: 400, user.name: eve, Image: /bin/nc, CommandLine: nc -l 1 }
`;
  const folder = folderOf(t, {
    'nc.yml': `${rule}---\n${burst}`,
    'nc.test.yml': `cases:\n${hit}${miss}${two}`,
  });
  const run = vedette('rules', 'test', folder, '--require');
  t.equal(run.status, 0, run.stdout);
  t.match(run.stdout, '4 cases, 0 failed; 2 of 2 rules tested');
});

t.test('a failure says which selection did not hold, and with what', async (t) => {
  const wrong = `  - name: other tool
    expect: hit
    events:
      - { type: process.start, Image: /bin/ncat, CommandLine: ncat -l 1 }
  - name: hits after all
    expect: miss
    events:
      - { type: process.start, Image: /bin/nc, CommandLine: nc -l 1 }
  - name: no such event
    expect: hit
    events:
      - { type: login, user.name: root }
`;
  const folder = folderOf(t, { 'nc.yml': rule, 'nc.test.yml': `cases:\n${wrong}` });
  const run = vedette('rules', 'test', folder);
  t.equal(run.status, 1);
  t.match(run.stdout, "tool does not hold: Image|endswith '/nc', but process.executable is '/bin/ncat'");
  t.match(run.stdout, 'listens holds');
  t.match(run.stdout, 'hits after all (miss): failed');
  t.match(run.stdout, /1 alerts where miss expected.*Netcat/);
  t.match(run.stdout, 'Netcat is about process_creation on linux, and no event is');
});

t.test('an untested rule fails only where that is asked for', async (t) => {
  const folder = folderOf(t, { 'nc.yml': rule, 'nc.test.yml': `cases:\n${hit}` });
  t.equal(vedette('rules', 'test', folder).status, 0);
  const run = vedette('rules', 'test', folder, '--require');
  t.equal(run.status, 1);
  t.match(run.stdout, 'Netcat: no case that hits and no near-miss');
});

t.test('bad files are told with a code and a line', async (t) => {
  const bad: Readonly<Record<string, string>> = {
    'cases: [': '`cases` not closed',
    'nothing: 1': 'no cases',
    'cases:\n  - expect: perhaps\n    events: [{ type: login }]': 'neither',
    'cases:\n  - expect: hit\n    events: [{ type: nothing }]': 'no such type',
    'cases:\n  - expect: hit\n    events: [{ type: login, no.such: 1 }]': 'no such field',
    'cases:\n  - expect: hit\n    events: []': 'no events',
    'cases:\n  - expect: hit\n    stray: 1\n    events: [{ type: login }]': 'stray key',
    'cases:\n  - expect: miss\n    alerts: 2\n    events: [{ type: login }]': 'a miss with alerts',
    'cases:\n  - expect: hit\n    events: [{ type: process.start, process.pid: many }]': 'not a number',
  };
  for (const [text, what] of Object.entries(bad)) {
    const { cases, problems } = readCases(text, 'x.test.yml');
    t.same(cases, [], what);
    t.match(problems, [{ code: 'rule.test_invalid', file: 'x.test.yml', severity: 'error' }], what);
  }
  const aliases = `a: &a [1]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [${'*a,'.repeat(9)}]`).join('\n')}`;
  t.equal(readCases(aliases, 'x').problems.length, 1);
  const folder = folderOf(t, { 'nc.yml': rule, 'nc.test.yml': 'cases:\n  - : [' });
  const report = vedette('rules', 'test', folder, '--json');
  t.equal(report.status, 1);
  const { problems, rules } = JSON.parse(report.stdout) as Result;
  t.match(problems, [{ code: 'rule.test_invalid', line: 2 }]);
  t.match(rules, [{ verdict: 'failed' }]);
});

t.test('verdicts as signing asks for them', async (t) => {
  const id = '11111111-1111-4111-8111-111111111111';
  const verdict = (test?: string) =>
    testVerdicts(
      new Map([
        ['rules/nc.yml', rule],
        ...(test === undefined ? [] : [['rules/nc.test.yml', test] as const]),
      ]),
    ).get(id);
  t.equal(verdict(), 'untested');
  t.equal(verdict(`cases:\n${hit}`), 'untested', 'without a near-miss');
  t.equal(verdict(`cases:\n${hit}${miss}`), 'tested');
  t.equal(verdict(`cases:\n${hit}${miss.replace('expect: miss', 'expect: hit')}`), 'failed');
  t.equal(verdict('cases: 1'), 'failed');
  const silent = burst.replace('generate: true', 'generate: false');
  const base = (more: string) =>
    new Map([
      ['rules/nc.yml', Buffer.from(`${rule}---\n${silent}`)],
      ['rules/nc.test.yml', Buffer.from(`cases:\n${hit}${more}${miss}`)],
      ['pipelines/p.yml', Buffer.from('transformations: []')],
    ]);
  t.same([...testVerdicts(base('')).values()], ['failed', 'failed'], 'the correlation keeps its rule silent');
  const meant = testVerdicts(base('    rule: netcat\n'));
  t.same([...meant.values()], ['tested', 'untested'], 'a case may be about a silent rule');
});

t.test('cases that are proposed come out as they say', async (t) => {
  const { ruleSet } = await loadRules([packPath], [packListsPath]);
  let made = 0;
  for (const compiled of ruleSet.rules) {
    const { cases, text } = suggestCases(compiled);
    if (cases.length === 0) continue;
    made++;
    const { file } = compiled.rule;
    const one = new Map([
      ['rules/a.yml', readFileSync(file, 'utf8')],
      ['rules/a.test.yml', text],
    ]);
    const { problems } = readCases(text, 'a');
    t.same(problems, [], compiled.rule.title);
    if (cases.some(({ expect }) => expect === 'miss') && !ruleSet.silent.has(compiled))
      t.equal(testVerdicts(one).get(compiled.rule.id), 'tested', compiled.rule.title);
  }
  // Of a rule about findings no single event makes a case.
  const ofEvents = ruleSet.rules.filter(({ rule: { logsource } }) => logsource.product !== 'vedette');
  t.ok(made >= ofEvents.length / 4, `${made} of ${ofEvents.length}`);
  const folder = folderOf(t, { 'nc.yml': rule });
  const { cases } = vedetteJson<{ cases: readonly { expect: string }[] }>(
    'rules',
    'test',
    folder,
    '--suggest',
    'netcat',
  );
  t.same(
    cases.map(({ expect }) => expect),
    ['hit', 'miss', 'miss'],
  );
  t.equal(vedette('rules', 'test', folder, '--suggest', 'nothing').status, 1);
  t.match(vedette('rules', 'explain', join(folder, 'nc.yml')).stdout, 'Fed by events of process.start');
});
