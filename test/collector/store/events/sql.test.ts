/** SQL over what is stored: the views, the names, the values. */
import { statSync } from 'node:fs';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { columnNames, eventTypes } from '../../../../collector/store/events/sql/views.ts';
import { numbered, numberedHigh } from '../../../events.ts';
import { collect, host, hunting, otherHost, requestOf } from './hunting.ts';

const never = new AbortController().signal;
const at = 1_700_000_000_000_000;

function start(pid: number, command: string, time = at): AnyEvent {
  return {
    type: 'process.start',
    time,
    'process.pid': pid,
    'process.entity_id': `e${pid}`,
    'process.start': time,
    'process.name': command.split(' ')[0] as string,
    'process.command_line': command,
  };
}

t.test('what was acknowledged a moment ago is found, by names without quotes', async (t) => {
  const { add, rows } = hunting(t);
  await add(host, start(1, 'curl -s x'), start(2, 'ls'));
  const sql = `SELECT process.name, count(*) AS n FROM process.start
    WHERE process.command_line LIKE '%curl%' GROUP BY ALL`;
  t.strictSame(await rows(sql), [{ 'process.name': 'curl', n: 1 }]);
  await add(otherHost, start(3, 'curl -k y'));
  t.strictSame(await rows(sql), [{ 'process.name': 'curl', n: 2 }]);
  t.strictSame(await rows('SELECT p.process.pid AS pid, host.name FROM process.start p ORDER BY pid'), [
    { pid: 1, 'host.name': 'web-1' },
    { pid: 2, 'host.name': 'web-1' },
    { pid: 3, 'host.name': "o'brien" },
  ]);
});

t.test('every view works on an empty store, with every declared column', async (t) => {
  const { rows } = hunting(t);
  for (const view of [...eventTypes, 'events']) {
    t.strictSame(await rows(`SELECT count(*) AS n FROM "${view}"`), [{ n: 0 }], view);
    const columns = await rows(`DESCRIBE "${view}"`);
    t.strictSame(
      columns.map((column) => column['column_name']).sort(),
      [...columnNames(view)].sort(),
      `columns of ${view}`,
    );
  }
  const shown = await rows('SHOW TABLES');
  t.strictSame(shown.map((row) => row['name']).sort(), [...eventTypes, 'events'].sort());
});

t.test('events holds all types, each event once, with the id it has everywhere', async (t) => {
  const { add, rows } = hunting(t);
  await add(host, start(1, 'bash'), numbered(1), numberedHigh(2));
  await add(host, start(2, 'sh', at + 5e6));
  t.strictSame(await rows('SELECT type, count(*) AS n FROM events GROUP BY type ORDER BY type'), [
    { type: 'account.change', n: 1 },
    { type: 'package.state', n: 1 },
    { type: 'process.start', n: 2 },
  ]);
  const stream = host.slice(0, 8) + 'c'.repeat(8);
  t.strictSame(await rows('SELECT event.id, process.name, time FROM events WHERE process.pid = 2'), [
    { 'event.id': `${host}:${stream}:2:0`, 'process.name': 'sh', time: '2023-11-14T22:13:25.000000Z' },
  ]);
  t.strictSame(await rows('SELECT process.pid FROM events', { since: at + 1e6, until: at + 9e6 }), [
    { 'process.pid': 2 },
  ]);
  t.strictSame(await rows('SELECT package.name FROM package.state WHERE time < now() - INTERVAL 1 HOUR'), [
    { 'package.name': 'n1' },
  ]);
});

t.test('values come back as they were stored', async (t) => {
  const { add, engine, rows } = hunting(t);
  const nasty = `a"b'c;--\n\u00fc\u{1f600}`;
  await add(host, {
    ...start(7, nasty),
    'process.capabilities': ['cap_net_raw', nasty],
    'process.fileless': true,
    'event.truncated': [],
  } as AnyEvent);
  t.strictSame(
    await rows(
      'SELECT process.command_line AS c, process.capabilities AS l, process.fileless AS b FROM process.start',
    ),
    [{ c: nasty, l: ['cap_net_raw', nasty], b: true }],
  );
  const { columns, rows: plain } = await engine.query(
    `SELECT time, "process.pid", "process.capabilities", 2::HUGEINT ** 60, NULL, 1.5::DOUBLE
      FROM "process.start" WHERE "process.command_line" = $1 AND "process.pid" = $2 AND time >= make_timestamp($3)`,
    [nasty, 7, at],
  );
  t.strictSame(plain, [[at, 7, ['cap_net_raw', nasty], 2 ** 60, null, 1.5]]);
  t.match(columns[0], { name: 'time', type: 'TIMESTAMP' });
  const csv = await collect(
    engine.stream(requestOf('SELECT process.pid, process.command_line FROM process.start'), 'csv', never),
  );
  t.equal(
    csv.map((part) => (part.part === 'text' ? part.text : '')).join(''),
    `process.pid,process.command_line\r\n7,"a""b'c;--\n\u00fc\u{1f600}"\r\n`,
  );
});

t.test('parameters by name; one that is missing or too many is said', async (t) => {
  const { add, rows, refusal } = hunting(t);
  await add(host, start(1, 'a'), start(2, 'b'), start(3, "c' OR 1=1 --"));
  const sql = 'SELECT process.pid AS pid FROM process.start WHERE process.name = $name OR process.pid = $pid';
  t.strictSame(await rows(sql, { parameters: { name: "c'", pid: '2' } }), [{ pid: 2 }, { pid: 3 }]);
  t.match(await refusal(sql, { parameters: { name: 'a' } }), { code: 'hunt.parameter', detail: /\$pid/ });
  t.match(await refusal('SELECT 1', { parameters: { x: 1 } }), { code: 'hunt.parameter', detail: /\$x/ });
});

t.test('names that Sigma has for columns stand for them, where nothing else has that name', async (t) => {
  const { add, rows, refusal } = hunting(t);
  await add(host, start(1, 'curl -s x'), start(2, 'ls'), {
    ...{ type: 'network.connection', time: at, 'destination.ip': '203.0.113.7', 'destination.port': 443 },
    ...{ 'network.transport': 'tcp', 'process.entity_id': 'e1', 'process.name': 'curl' },
  } as AnyEvent);
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    [
      "SELECT CommandLine FROM process.start WHERE commandline ILIKE 'CURL%'",
      { 'process.command_line': 'curl -s x' },
    ],
    [
      'SELECT upper(p.CommandLine) AS c, c.DestinationIp FROM process.start p JOIN network.connection c ON c.ProcessGuid = p.ProcessGuid',
      { c: 'CURL -S X', 'destination.ip': '203.0.113.7' },
    ],
    ['SELECT "process.start"."CommandLine" AS c FROM process.start WHERE ProcessId = 2', { c: 'ls' }],
    ['SELECT events.DestinationPort AS p FROM events WHERE DestinationIp IS NOT NULL', { p: 443 }],
    [
      'WITH x AS (SELECT CommandLine, count(*) AS n FROM process.start GROUP BY CommandLine) SELECT max(CommandLine) AS m FROM x',
      { m: 'ls' },
    ],
    ['SELECT process.pid AS Image FROM process.start ORDER BY Image DESC LIMIT 1', { Image: 2 }],
    [
      "SELECT list_transform(['a'], lambda Image: upper(Image)) AS l, max(CommandLine) AS m FROM process.start",
      { l: ['A'], m: 'ls' },
    ],
  ];
  for (const [sql, row] of cases) t.strictSame(await rows(sql), [row], sql);
  t.match(await rows('EXPLAIN SELECT CommandLine FROM process.start'), [{}]);
  t.match(await refusal('SELECT QueryName FROM events'), {
    detail: /QueryName is dns\.question\.name or query\.name/,
  });
  t.match(await refusal('SELECT Imge FROM process.start'), { code: 'hunt.unknown_name' });
});

t.test('errors say where, and what may have been meant', async (t) => {
  const { add, refusal } = hunting(t);
  await add(host, start(1, 'a'));
  t.match(await refusal('SELECT process.nam FROM process.start'), {
    code: 'hunt.unknown_name',
    detail: /Near: process\.name/,
  });
  t.match(await refusal('SELECT\n  /* \u00fc */ process.name, nme\nFROM process.start'), {
    code: 'hunt.unknown_name',
    detail: 'There is no column nme (line 2, column 25).',
  });
  t.match(await refusal("SELECT 'ü', p.CommandLine,\n  Image AS i, nme FROM process.start p"), {
    code: 'hunt.unknown_name',
    detail: 'There is no column nme (line 2, column 15).',
  });
  t.match(await refusal('SELECT CommandLine FROM process.start WHERE EXISTS (SELECT 1 AS commandline)'), {
    detail: /CommandLine \(line 1, column 8\)\. Sigma's CommandLine is process\.command_line\./,
  });
  t.match(await refusal('SELECT * FROM process.strat'), {
    code: 'hunt.unknown_name',
    detail: /table .*Near: process\.start/,
  });
  t.match(await refusal('SELECT process.name, FROM WHERE'), {
    code: 'hunt.invalid',
    detail: /syntax error .*\(line 1, column 27\)/,
  });
  t.match(await refusal('SELECT process.name::INT FROM process.start'), {
    code: 'hunt.invalid',
    detail: /Could not convert/,
  });
});

t.test('rows beyond the bound are cut, and that is said', async (t) => {
  const { engine } = hunting(t);
  const bounds = { maxRows: 10, timeoutMs: 60_000 };
  const run = async (sql: string) =>
    (await collect(engine.stream(requestOf(sql, { bounds }), 'arrays', never))).at(-1);
  t.match(await run('SELECT * FROM range(10)'), { part: 'end', rows: 10, isCut: false });
  t.match(await run('SELECT * FROM range(11)'), { part: 'end', rows: 10, isCut: true });
  t.match(await run('SELECT * FROM range(1000000)'), { part: 'end', rows: 10, isCut: true });
  t.match(await engine.query('SELECT * FROM range(11)', [], { maxRows: 10 }), { isCut: true });
});

t.test('a file of the rows, in their order, whatever ends the statement', async (t) => {
  const { add, engine, rows } = hunting(t);
  await add(host, ...Array.from({ length: 3000 }, (_, i) => start(i, `c${i % 7}`)));
  const sql = `SELECT process.pid, process.name, time FROM process.start WHERE process.name <> $n ORDER BY process.pid DESC; -- end`;
  const request = requestOf(sql, { parameters: { n: 'c0' }, bounds: { maxRows: 2000, timeoutMs: 60_000 } });
  const file = await engine.parquet(request, never, () => undefined);
  t.match(file, { rows: 2000, isCut: true });
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const read = await connection.runAndReadAll(`SELECT "process.pid" FROM read_parquet('${file.path}')`);
  const expected = (await rows(sql, { parameters: { n: 'c0' } })).slice(0, 2000);
  t.strictSame(
    read.getRows().map(([pid]) => Number(pid)),
    expected.map((row) => row['process.pid']),
  );
  t.equal(statSync(file.path).mode & 0o777, 0o600);
});

t.test('an error after many rows is an error, never a short result', async (t) => {
  const { engine, rows } = hunting(t);
  const bounds = { maxRows: 10_000_000, timeoutMs: 60_000 };
  const sql = `SELECT CASE WHEN range = 900000 THEN 'odd' ELSE '1' END::INT AS n FROM range(1000000)`;
  const broken = collect(engine.stream(requestOf(sql, { bounds }), 'arrays', never));
  await t.rejects(broken, { code: 'hunt.invalid', detail: /Could not convert string 'odd'.*line 1, column/ });
  await t.rejects(engine.query(sql, [], bounds), { code: 'hunt.invalid' });
  const whole = await rows(`SELECT range AS n FROM range(300000) ORDER BY n DESC`, { bounds });
  t.equal(whole.length, 300_000);
  t.ok(
    whole.every((row, i) => row['n'] === 299_999 - i),
    'and the order is kept',
  );
  t.strictSame(await rows('SELECT 1 AS a, 2 AS a, NULL AS b -- end'), [{ a: 1, a_1: 2, b: null }]);
  t.strictSame(await rows('SELECT true AS last UNION ALL SELECT NULL;'), [{ last: true }, { last: null }]);
});

t.test('a plan is shown', async (t) => {
  const { rows } = hunting(t);
  const [plan] = await rows('EXPLAIN SELECT count(*) FROM process.start');
  t.match(plan?.['explain_value'], /EMPTY_RESULT|PARQUET|AGGREGATE/i);
  t.match(await rows('explain analyze SELECT 1'), [{ explain_value: /Total Time/ }]);
});
