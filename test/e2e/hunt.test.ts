/** `vedette hunt` against a running collector, as a user would type it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { batchOf, numbered } from '../events.ts';
import { tempFolder } from '../temp.ts';
import { launcher, Server, top, vedette, vedetteFed, vedetteJson } from '../vedette.ts';

const folder = tempFolder(t);
const data = join(folder, 'data');
const at = ['--data', data];
const events = 5000;
const endless =
  'SELECT count(*) FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7';

t.before(async () => {
  mkdirSync(data, { mode: 0o700 });
  const writer = openJournalWriter(join(data, 'journal.db'));
  const batch = batchOf(...Array.from({ length: events }, (_, i) => numbered(i)));
  const { counts, minTime, maxTime, count } = batch;
  const place = {
    hostId: 'a'.repeat(16),
    stream: 'b'.repeat(16),
    sequence: 1,
    collected: count,
    stored: count,
  };
  await writer.append([
    { ...place, lost: {}, counts, minTime, maxTime, receivedAt: maxTime, data: batch.data },
  ]);
  await writer.close();
  await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', ...at);
});

t.test('a table, JSON, JSON lines, CSV', async (t) => {
  const sql = 'SELECT package.name, package.type FROM package.state ORDER BY time LIMIT 2';
  t.equal(
    vedette('hunt', sql, ...at).stdout,
    'PACKAGE.NAME  PACKAGE.TYPE\nn0            test\nn1            test\n',
  );
  const rows = [
    { 'package.name': 'n0', 'package.type': 'test' },
    { 'package.name': 'n1', 'package.type': 'test' },
  ];
  t.match(vedetteJson('hunt', sql, ...at), { columns: [{ name: 'package.name' }, {}], rows, isCut: false });
  const lines = vedette('hunt', sql, '--format', 'jsonl', ...at)
    .stdout.trim()
    .split('\n');
  t.strictSame(
    lines.map((line) => JSON.parse(line)),
    rows,
  );
  t.equal(
    vedette('hunt', sql, '--format', 'csv', ...at).stdout,
    'package.name,package.type\r\nn0,test\r\nn1,test\r\n',
  );
});

t.test('bounds, time, parameters, a file of SQL, standard input', async (t) => {
  const cut = vedette('hunt', 'SELECT package.name FROM events', '--limit', '3', ...at);
  t.equal(cut.stdout.trim().split('\n').length, 4);
  t.match(cut.stderr, 'There is more than these 3 rows');
  t.match(vedetteJson('hunt', 'SELECT count(*) AS n FROM events', '--since', '1h', ...at), {
    rows: [{ n: 0 }],
  });
  const sql = 'SELECT count(*) AS n FROM package.state WHERE package.name = $name';
  const file = join(folder, 'hunt.sql');
  writeFileSync(file, sql);
  t.match(vedetteJson('hunt', '--file', file, '--param', 'name=n7', ...at), { rows: [{ n: 1 }] });
  t.match(
    JSON.parse(vedetteFed(sql, 'hunt', '--file', '-', '--param', '$name=n=7', '--json', ...at).stdout),
    {
      rows: [{ n: 0 }],
    },
  );
  const late = vedette('hunt', endless, '--timeout', '1', ...at);
  t.equal(late.status, 1);
  t.match(late.stderr, /^vedette: hunt\.limit: It ran longer than 1 s\./);
});

t.test('files of the rows are there whole or not at all', async (t) => {
  for (const format of ['csv', 'jsonl', 'parquet']) {
    const file = join(folder, `rows.${format}`);
    const run = vedette('hunt', 'SELECT * FROM events', '--format', format, '--output', file, ...at);
    t.strictSame({ ...run, status: run.status }, { status: 0, stdout: '', stderr: '' }, format);
    t.equal(statSync(file).mode & 0o777, 0o600);
    const bytes = readFileSync(file);
    if (format === 'parquet') t.equal(bytes.subarray(-4).toString(), 'PAR1');
    else t.equal(bytes.toString().trim().split('\n').length, events + (format === 'csv' ? 1 : 0));
  }
  const half = join(folder, 'half.csv');
  const broken = `SELECT CASE WHEN range = 900000 THEN 'odd' ELSE '1' END::INT AS n FROM range(1000000)`;
  const run = vedette('hunt', broken, '--limit', '2000000', '--format', 'csv', '--output', half, ...at);
  t.equal(run.status, 1);
  t.match(run.stderr, 'hunt.invalid');
  t.notOk(existsSync(half));
});

t.test('saved hunts and ours', async (t) => {
  const given = [
    '--parameter',
    'n:int=4',
    '--parameter',
    'w:text',
    '--title',
    'Counting',
    '--tag',
    'attack.t1059',
  ];
  t.equal(vedette('hunt', 'save', 'counting', 'SELECT $n + 1 AS n, $w AS w', ...given, ...at).status, 0);
  const run = (...args: string[]) => vedetteJson('hunt', 'run', 'counting', ...args, ...at);
  t.match(run('--param', 'w=x'), { rows: [{ n: 5, w: 'x' }] });
  t.match(run('--param', 'w=x', '--param', 'n=9'), { rows: [{ n: 10 }] });
  t.match(vedette('hunt', 'run', 'counting', ...at), {
    status: 1,
    stderr: /hunt\.parameter.*\$w must be given/,
  });
  t.match(vedetteJson('hunt', 'show', 'counting', ...at), { title: 'Counting', savedBy: 'cli' });
  const list = vedetteJson<{ name: string; isOurs: boolean }[]>('hunt', 'list', ...at);
  t.ok(list.filter(({ isOurs }) => isOurs).length >= 20);
  t.ok(list.some(({ name }) => name === 'counting'));
  t.match(vedette('hunt', 'show', 'beacons', ...at).stdout, /\$spread \(float, usually 0\.1\)/);
  t.equal(vedette('hunt', 'run', 'beacons', ...at).stdout, 'No row.\n');
  t.equal(vedette('hunt', 'remove', 'counting', ...at).status, 0);
  t.match(vedette('hunt', 'remove', 'counting', ...at), { status: 1, stderr: /api\.not_found/ });
});

t.test('what is typed wrongly', async (t) => {
  const usage = [
    ['hunt'],
    ['hunt', 'SELECT 1', '--file', 'x'],
    ['hunt', 'SELECT 1', '--format', 'xlsx'],
    ['hunt', 'SELECT 1', '--limit', '0'],
    ['hunt', 'SELECT 1', '--param', 'x'],
    ['hunt', '--file', join(folder, 'missing.sql')],
    ['hunt', 'SELECT 1', '--output', join(folder, 'x')],
    ['hunt', 'save', 'x', 'SELECT 1', '--parameter', 'n:number'],
  ];
  for (const args of usage) {
    const { status, stderr } = vedette(...args, ...at);
    t.equal(status, 2, `${args.join(' ')}: ${stderr}`);
  }
  t.match(vedette('hunt', 'SELECT proces.name FROM process.start', ...at), {
    status: 1,
    stderr: /hunt\.unknown_name.*Near: process\.name/,
  });
  t.match(vedette('hunt', `COPY (SELECT 1) TO '/tmp/x'`, ...at), { status: 1, stderr: /hunt\.refused/ });
  for (const sub of [[], ['list'], ['show'], ['save'], ['remove'], ['run']])
    t.match(vedette('hunt', ...sub, '--help'), { status: 0, stdout: /--json/ });
});

t.test('Ctrl-C cancels the hunt in the collector too', async (t) => {
  const { api, token } = {
    api: (JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as { api: string }).api,
    token: readFileSync(join(data, 'cli.token'), 'utf8').trim(),
  };
  const running = async () => {
    const answer = await fetch(`${api}/api/v1/hunts/running`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await answer.json()) as { items: unknown[] }).items.length;
  };
  const child = spawn(process.execPath, [launcher, 'hunt', endless, '--timeout', '600', ...at], {
    cwd: top,
    env: { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined, VEDETTE_DATA: undefined },
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
  });
  while ((await running()) === 0) await setTimeout(50);
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.equal(code, 1);
  t.match(said, /hunt\.cancelled/);
  while ((await running()) > 0) await setTimeout(50);
});

t.test('a hunt that runs by itself', async (t) => {
  t.match(vedette('hunt', 'schedule', 'list', ...at), { status: 0, stdout: /No hunt is scheduled/ });
  t.equal(vedette('hunt', 'schedule', 'set', 'by-itself', ...at).status, 2);
  t.equal(vedette('hunt', 'schedule', 'set', 'by-itself', '--daily', '25:00', ...at).status, 2);
  t.match(vedette('hunt', 'schedule', 'set', 'by-itself', '--daily', '06:30', ...at), {
    status: 1,
    stderr: /There is no hunt by-itself/,
  });
  vedette(
    'hunt',
    'save',
    'by-itself',
    `SELECT 'a' || chr(27) AS word, $n AS n`,
    '--parameter',
    'n:int',
    ...at,
  );
  const daily = ['hunt', 'schedule', 'set', 'by-itself', '--daily', '06:30', '--param', 'n=1'];
  t.match(vedetteJson(...daily, ...at), { dailyAt: '06:30', level: null, enabled: true, last: null });
  t.match(vedetteJson('hunt', 'schedule', 'off', 'by-itself', ...at), {
    nextAt: null,
    parameters: { n: '1' },
  });
  t.match(vedette('hunt', 'schedule', 'rows', 'by-itself', ...at).stdout, /It has not run yet/);
  const often = [
    'hunt',
    'schedule',
    'set',
    'by-itself',
    '--every',
    '1m',
    '--level',
    'medium',
    '--param',
    'n=1',
  ];
  t.match(vedetteJson(...often, ...at), { everySeconds: 60, level: 'medium', enabled: true });
  let last: { endedAt: string | null } | null = null;
  while (last?.endedAt == null) {
    await setTimeout(500);
    ({ last } = vedetteJson<{ last: { endedAt: string | null } | null }>(
      ...['hunt', 'schedule', 'show', 'by-itself', ...at],
    ));
  }
  t.match(last, { rows: 1, newRows: 1, isCut: false, error: null });
  const shown = vedette('hunt', 'schedule', 'rows', 'by-itself', ...at).stdout;
  t.match(shown, /\* +a\S* +1/);
  t.notOk(shown.includes('\u001b'));
  t.match(
    vedette('hunt', 'schedule', 'list', ...at).stdout,
    /by-itself +every 60 s +medium .* 1 rows, 1 new/,
  );
  t.match(vedetteJson('alerts', ...at), [
    { ruleId: 'vedette-hunt-by-itself', level: 'medium', hostName: 'collector' },
  ]);
  t.equal(vedette('hunt', 'schedule', 'remove', 'by-itself', ...at).status, 0);
  t.equal(vedette('hunt', 'schedule', 'show', 'by-itself', ...at).status, 1);
});
