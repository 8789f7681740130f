/** Live queries as a user meets them: a real agent of this host, the command line, the API. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { EventJson } from '../../collector/api/json/event.ts';
import type { HostJson } from '../../collector/api/json/host.ts';
import type { LiveQueryJson } from '../../collector/api/resources/queries.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import type { LiveQueryLine } from '../../collector/store/contract.ts';
import { sampleQueries } from '../../scripts/bench/live-query/queries.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

t.test('live queries', { skip: process.platform !== 'linux' }, async (t) => {
  const data = tempFolder(t);
  const at = ['--data', data];
  const up = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', ...at);
  const client = new Client(accessOf(data));
  let host: HostJson | undefined;
  while (host?.connected !== true) {
    await sleep(100);
    host = (await client.get<{ items: HostJson[] }>('/hosts')).items[0];
  }
  const { hostname } = host;

  await t.test('queries of every kind, each answered as it must be', async (t) => {
    for (const { sql, columns, atLeast } of sampleQueries) {
      const { id } = await client.call<LiveQueryJson>('POST', '/queries', {}, { sql, hosts: [hostname] });
      const rows: object[] = [];
      for await (const line of client.lines<LiveQueryLine>(`/queries/${id}/results`)) {
        if (line.type === 'row') rows.push(line.row);
        if (line.type === 'host') t.match(line, { state: 'done', code: '', cut: 0 }, sql);
      }
      t.ok(rows.length >= atLeast, `${rows.length} rows: ${sql}`);
      t.ok(
        rows.every((row) => Object.keys(row).join(' ') === columns.join(' ')),
        columns.join(' '),
      );
    }
    t.ok(sampleQueries.length >= 50);
  });

  await t.test('the command line', (t) => {
    const table = vedette('query', "SELECT 'a' AS letter, 12 AS number", ...at);
    t.match(table, { status: 0, stdout: new RegExp(`^HOST +LETTER +NUMBER\\n${hostname} +a +12\\n$`) });
    const csv = vedette('query', `SELECT '=1+1' AS f, 'a "b", c' AS q, NULL AS n`, '--format', 'csv', ...at);
    t.equal(csv.stdout, `host,f,q,n\n${hostname},'=1+1,"a ""b"", c",\n`);
    const lines = vedette('query', 'SELECT 1 AS one', '--hosts', `${hostname[0]}*`, '--json', ...at).stdout;
    t.match(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        { type: 'row', host: host.id, row: { one: 1 } },
        { type: 'host', state: 'done', rows: 1 },
        { type: 'end', done: 1 },
      ],
    );
    t.match(vedette('query', 'SELECT uid FROM users WHERE uid = -7', ...at), {
      status: 0,
      stdout: 'No rows.\n',
    });
    t.match(vedette('query', 'DROP TABLE users', ...at), { status: 1, stderr: /query\.refused/ });
    t.match(vedette('query', 'SELECT * FROM file', ...at), {
      status: 1,
      stderr: /query\.constraint_missing: file needs path/,
    });
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
    t.match(vedette('query', endless, '--timeout', '1', ...at), { status: 1, stderr: /query\.timed_out/ });
    t.match(vedette('query', 'SELECT 1', '--hosts', 'nobody', ...at), {
      status: 1,
      stderr: /query\.no_host/,
    });
    t.match(vedette('query', ...at), { status: 2, stderr: /usage\.invalid/ });
    t.match(vedette('query', 'SELECT 1', '--format', 'xml', ...at), { status: 2, stderr: /usage\.invalid/ });
    t.match(vedette('query', '--tables'), {
      status: 0,
      stdout: /processes +linux +Processes that run now\./,
    });
    t.match(vedette('query', '--tables', 'file'), {
      status: 0,
      stdout: /One of path, directory, pattern must be compared/,
    });
    t.match(vedetteJson('query', '--tables', 'uptime'), {
      name: 'uptime',
      columns: { days: ['integer', 'Days.'] },
    });
    t.match(vedette('query', '--tables', 'nothing'), {
      status: 2,
      stderr: /usage\.invalid: There is no table nothing/,
    });
    t.match(vedette('query', '--help').stdout, /--hosts/);
    const rows = vedette('query', 'SELECT pid FROM processes', '--rows', '2', '--json', ...at).stdout;
    const end = JSON.parse(rows.trimEnd().split('\n').at(-1) ?? '') as { rows: number; cut: number };
    t.equal(end.rows, 2);
    t.ok(end.cut > 0);
    t.end();
  });

  await t.test('a query that is many parts long', async (t) => {
    const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      SELECT i, printf('%0100d', i) AS text FROM n`;
    const { id } = await client.call<LiveQueryJson>(
      'POST',
      '/queries',
      {},
      { sql, hosts: ['all'], rows: 30_000 },
    );
    let next = 1;
    for await (const line of client.lines<LiveQueryLine>(`/queries/${id}/results`)) {
      if (line.type === 'row') {
        if (line.row['i'] !== next) t.fail(`${line.row['i']} in place of ${next}`);
        next++;
      } else if (line.type === 'host') t.match(line, { state: 'done', rows: 20_000, cut: 0 });
    }
    t.equal(next, 20_001);
  });

  await t.test('one kept whole as the output of a command', (t) => {
    const args = ['query.run', '--arg', 'sql=SELECT hostname FROM system_info', '--wait'];
    t.match(vedetteJson('command', hostname, ...args, ...at), {
      state: 'done',
      output: { columns: ['hostname'], values: [[hostname]], rows: 1 },
    });
    t.end();
  });

  await t.test('a scheduled query becomes events', async (t) => {
    const folder = tempFolder(t);
    const sql = `SELECT filename FROM file WHERE directory = '${folder}'`;
    const made = vedette('query', 'schedule', 'add', 'new-files', sql, '--every', '10s', ...at);
    t.match(made, { status: 0, stdout: /^new-files: every 10 s on all\n/ });
    t.match(vedette('query', 'schedule', 'add', 'new-files', sql, ...at), {
      status: 1,
      stderr: /query\.name_taken/,
    });
    t.match(vedette('query', 'schedule', 'add', 'other', 'SELECT x FROM users', ...at), {
      status: 1,
      stderr: /query\.invalid/,
    });
    t.match(vedette('query', 'schedule', 'add', 'other', sql, '--every', '1s', ...at), { status: 2 });
    writeFileSync(join(folder, 'first'), '');
    const until = async (action: string, name: string): Promise<EventJson> => {
      for (;;) {
        const { items } = await client.get<{ items: EventJson[] }>('/events', {
          type: 'query.result',
          limit: 100,
        });
        const row = JSON.stringify({ filename: name });
        const found = items.find((event) => event['event.action'] === action && event['query.row'] === row);
        if (found !== undefined) return found;
        await sleep(300);
      }
    };
    await until('added', 'first');
    rmSync(join(folder, 'first'));
    writeFileSync(join(folder, 'second'), '');
    t.match(await until('removed', 'first'), { 'query.name': 'new-files' });
    const added = await until('added', 'second');
    t.match(added, { 'query.values': ['filename=second'] });
    t.not(added['event.baseline'], true);
    t.match(vedetteJson('query', 'schedule', 'show', 'new-files', ...at), {
      sql,
      enabled: true,
      intervalSeconds: 10,
    });
    t.match(vedette('query', 'schedule', 'off', 'new-files', ...at), { status: 0, stdout: /\(off\)/ });
    t.match(vedette('query', 'schedule', 'list', ...at).stdout, /new-files +10 s +off +all/);
    t.match(vedette('query', 'schedule', 'on', 'new-files', ...at), { status: 0 });
    t.match(vedette('query', 'schedule', 'remove', 'new-files', ...at), { status: 0 });
    t.match(vedette('query', 'schedule', 'remove', 'new-files', ...at), {
      status: 1,
      stderr: /api\.not_found/,
    });
    t.match(vedette('query', 'schedule', 'list', ...at).stdout, /No query is scheduled/);
  });

  await up.end('SIGTERM');

  await t.test('a host whose owner forbids it', async (t) => {
    writeFileSync(join(data, 'agent/config.json'), JSON.stringify({ liveQueries: 'off' }));
    const again = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', ...at);
    const isConnected = () => vedetteJson<HostJson[]>('hosts', ...at)[0]?.connected === true;
    while (!isConnected()) await sleep(100);
    t.match(vedette('query', 'SELECT 1', ...at), { status: 1, stderr: /query\.disabled/ });
    await again.end('SIGTERM');
  });
});
