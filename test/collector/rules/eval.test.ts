/** `vedette rules eval` and `rules explain` as a user runs them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { tempFolder } from '../../temp.ts';
import { launcher, type Run, vedette, vedetteFed } from '../../vedette.ts';

const nc = {
  ...{ title: 'Netcat', id: 'nc', name: 'netcat', level: 'high' },
  logsource: { category: 'process_creation', product: 'linux' },
  detection: { sel: { 'Image|endswith': '/nc' }, condition: 'sel' },
};
const windows = { ...nc, title: 'Other', id: 'win', name: 'other', logsource: { product: 'windows' } };
const many = {
  ...{ title: 'Many', id: 'many' },
  correlation: {
    ...{ type: 'event_count', rules: ['nc'], 'group-by': ['User'], timespan: '1m', generate: true },
    condition: { gte: 2 },
  },
};

function folderOf(t: Parameters<typeof tempFolder>[0], files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = tempFolder(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return (name: string) => join(folder, name);
}

function yaml(...documents: readonly unknown[]): string {
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

function lines({ stdout }: Run): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

function drivesTerminal(text: string): boolean {
  return ['\u001b', '\u009b', '\u202e'].some((c) => text.includes(c));
}

t.test('matches, one line each', async (t) => {
  const at = folderOf(t, {
    'nc.yml': yaml(nc),
    'e.jsonl': '{"Image":"/bin/ls"}\n\n{"Image":"/bin/NC","n":1}\n',
  });
  const run = vedette('rules', 'eval', '--rules', at('nc.yml'), '--events', at('e.jsonl'));
  t.equal(run.status, 0);
  t.equal(run.stderr, '');
  t.strictSame(lines(run), [
    {
      ...{ rule: 'nc', title: 'Netcat', level: 'high', event: 2, line: 3 },
      tests: [
        {
          ...{ selection: 'sel', field: 'Image', value: '/bin/NC' },
          ...{ test: "endswith '/nc'", modifiers: ['endswith'] },
        },
      ],
    },
  ]);
});

t.test('standard input, statistics, limit', async (t) => {
  const at = folderOf(t, { 'nc.yml': yaml(nc) });
  const events = `[${Array(2_000).fill('{"Image":"/nc"}').join(',\n')}]`;
  const args = ['rules', 'eval', '--rules', at('nc.yml'), '--events', '-', '--stats'];
  const told = vedetteFed(events, ...args);
  t.equal(lines(told).length, 2_000);
  t.match(told.stderr, /2000 documents, 0 bad; 2000 matches/);
  const json = vedetteFed(events, ...args, '--json');
  t.match(lines(json).at(-1), { stats: { documents: 2_000, bad: 0, matches: 2_000, rules: 1 } });
  t.equal(json.stderr, '');
  t.equal(lines(vedetteFed(events, ...args, '--limit', '3')).length, 3);
});

t.test('logsources and pipelines', async (t) => {
  const at = folderOf(t, {
    'r.yml': yaml(nc, windows),
    'p.yml': yaml({
      ...{ name: 'p', priority: 1 },
      transformations: [{ type: 'field_name_mapping', mapping: { Image: 'exe.path' } }],
    }),
  });
  const rules = (...more: readonly string[]) => {
    const run = vedetteFed(
      '{"Image":"/nc"}',
      'rules',
      'eval',
      '--rules',
      at('r.yml'),
      '--events',
      '-',
      ...more,
    );
    return lines(run).map((line) => line['rule']);
  };
  t.strictSame(rules(), ['nc', 'win']);
  t.strictSame(rules('--logsource', 'product=windows'), ['win']);
  t.strictSame(rules('--logsource', 'category=process_creation,product=linux'), ['nc']);
  t.strictSame(rules('--pipeline', at('p.yml')), []);
  const piped = ['rules', 'eval', '--rules', at('r.yml'), '--events', '-', '--pipeline', at('p.yml')];
  t.equal(lines(vedetteFed('{"exe":{"path":"/nc"}}', ...piped)).length, 2);
});

t.test('lists', async (t) => {
  const listed = { ...nc, detection: { sel: { 'User|expand': '%admins%' }, condition: 'sel' } };
  const at = folderOf(t, { 'r.yml': yaml(listed), 'admins.txt': 'ada\n' });
  const args = ['rules', 'eval', '--rules', at('r.yml'), '--events', '-'];
  t.equal(vedetteFed('{"User":"Ada"}', ...args).status, 1, 'no rule is left without the list');
  t.equal(lines(vedetteFed('{"User":"Ada"}', ...args, '--lists', at('.'))).length, 1);
});

t.test('correlations', async (t) => {
  const at = folderOf(t, {
    'r.yml': yaml(nc, many),
    'quiet.yml': yaml(nc, { ...many, correlation: { ...many.correlation, generate: false } }),
  }); // prettier-ignore
  const event = (second: number, user: string) =>
    JSON.stringify({ '@timestamp': `2026-01-01T00:00:${second}Z`, Image: '/nc', User: user });
  const events = [event(10, 'a'), event(11, 'b'), event(12, 'a'), '{"Image":"/nc","User":"b"}'].join('\n');
  const found = (file: string) =>
    lines(vedetteFed(events, 'rules', 'eval', '--rules', at(file), '--events', '-'));
  t.strictSame(found('quiet.yml'), [
    {
      ...{ rule: 'many', title: 'Many', level: 'medium', correlation: 'event_count' },
      ...{ group: { User: 'a' }, count: 2 },
      events: [
        { event: 1, line: 1 },
        { event: 3, line: 3 },
      ],
    },
  ]);
  t.equal(found('r.yml').length, 5, 'the rule itself is told when it is to be');
  const when = events.replaceAll('@timestamp', 'when');
  const timed = ['rules', 'eval', '--rules', at('quiet.yml'), '--events', '-', '--stats'];
  t.match(vedetteFed(when, ...timed).stderr, /4 events without a time/);
  t.equal(lines(vedetteFed(when, ...timed, '--time-field', 'when')).length, 1);
});

t.test('garbage is told and passed over', async (t) => {
  const at = folderOf(t, {
    'nc.yml': yaml(nc),
    'bad.yml': 'title: [',
    'e.json': Buffer.concat([
      Buffer.from('{"Image":"/nc"}\nrubbish\u001b[2J\n{"Image":\n{"__proto__":{"Image":"/nc"},"Image":"x/nc'),
      Buffer.from([0xff]),
      Buffer.from('/nc"}\n'),
      Buffer.from(`${'{"a":'.repeat(500)}\n{"Image":"/x\u009b\u202e/nc"}\n`),
    ]),
  });
  const run = vedette('rules', 'eval', '--rules', at('nc.yml'), at('bad.yml'), '--events', at('e.json'));
  t.equal(run.status, 0);
  t.strictSame(
    lines(run).map((line) => line['line']),
    [1, 4, 6],
  ); // prettier-ignore
  t.match(run.stderr, /bad\.yml:\d+:\d+: rule\.not_yaml/);
  for (const line of [2, 3, 5]) t.match(run.stderr, new RegExp(`e\\.json:${line}: document \\d+: event\\.`));
  t.notOk(drivesTerminal(run.stdout));
  t.notOk(drivesTerminal(run.stderr));
  const many = vedetteFed(
    `${'x\n'.repeat(500)}{}`,
    'rules',
    'eval',
    '--rules',
    at('nc.yml'),
    '--events',
    '-',
  );
  t.match(many.stderr, /400 more bad documents/);
  t.equal(many.status, 0);
});

t.test('a reader that goes, or is slow', async (t) => {
  const at = folderOf(t, { 'nc.yml': yaml(nc), 'e.jsonl': '{"Image":"/bin/nc"}\n'.repeat(50_000) });
  const args = [launcher, 'rules', 'eval', '--rules', at('nc.yml'), '--events', at('e.jsonl')];
  const gone = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  gone.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  await once(gone.stdout, 'data');
  gone.stdout.destroy();
  t.strictSame(await once(gone, 'exit'), [0, null], 'ends, as with `head`');
  t.equal(said.join(''), '');
  const slow = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let count = 0;
  for await (const chunk of slow.stdout) {
    count += (chunk as Buffer).toString('latin1').split('\n').length - 1;
    await setImmediate();
  }
  t.equal(count, 50_000, 'gets every line');
});

t.test('exit codes', async (t) => {
  const at = folderOf(t, { 'nc.yml': yaml(nc), 'empty.json': '', 'words.txt': 'only words\n' });
  const status = (...args: readonly string[]) => vedette('rules', 'eval', ...args);
  t.equal(status('--rules', at('nc.yml'), '--events', at('empty.json')).status, 0);
  t.match(status('--rules', at('nc.yml'), '--events', at('none')), {
    status: 1,
    stderr: /event\.unreadable/,
  });
  t.match(status('--rules', at('nc.yml'), '--events', at('words.txt')), { status: 1, stderr: /not_json/ });
  t.match(status('--rules', at('none'), '--events', at('empty.json')), {
    status: 1,
    stderr: /rule\.unreadable/,
  });
  t.equal(status('--rules', at('nc.yml'), at('none'), '--events', at('empty.json')).status, 1, 'one of two');
  const usage: readonly (readonly string[])[] = [
    ['--events', at('empty.json')],
    ['--rules', at('nc.yml')],
    ['--rules', at('nc.yml'), '--events', '-', '--logsource', 'host=x'],
    ['--rules', at('nc.yml'), '--events', '-', '--limit', '0'],
    ['--rules', at('nc.yml'), '--events', '-', '--what'],
  ];
  for (const args of usage) t.equal(status(...args).status, 2, args.join(' '));
});

t.test('explain', async (t) => {
  const hostile = {
    ...nc,
    id: 'h',
    name: 'h',
    title: 'H\u001b[2J',
    detection: { sel: { Image: '\u009b' }, condition: 'sel' },
  };
  const at = folderOf(t, { 'r.yml': yaml(nc, hostile, many) });
  const explain = (...args: readonly string[]) => vedette('rules', 'explain', ...args);
  for (const name of ['nc', 'NETCAT', 'netcat']) {
    const run = explain(name, '--rules', at('r.yml'));
    t.match(run, { status: 0, stdout: /Image ends with '\/nc'/ }, name);
    t.match(
      run.stdout,
      /Looked at, until events show what is rare, on process\.start on linux, for\n.*text at the end '\/nc'/,
    );
  }
  const all = explain(at('r.yml'));
  t.match(all.stdout, /event count of matches of `nc`/);
  t.notOk(drivesTerminal(all.stdout));
  t.match(JSON.parse(explain('nc', '--rules', at('r.yml'), '--json').stdout), [
    { id: 'nc', words: { sentence: "Image ends with '/nc'." }, form: { kind: 'test' } },
  ]);
  t.match(explain('nobody', '--rules', at('r.yml')), { status: 1, stderr: /rule\.not_found/ });
  t.equal(explain().status, 2);
});
