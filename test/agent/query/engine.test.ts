/** SQL over the tables of this host, in this process: what it answers, what it refuses, what bounds it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tempFolder } from '../../temp.ts';
import { answer, folderWith, onFolder } from './query-host.ts';

t.test('joins, aggregates and conditions of SQLite, over rows read once', async (t) => {
  const host = onFolder(
    folderWith(t, {
      'etc/passwd': 'ann:x:1001:1001:Ann:/home/ann:/bin/sh\nbob:x:1002:1002::/home/bob:/bin/false\n',
      'etc/group': 'ann:x:1001:\nstaff:x:50:ann,bob\nsudo:x:27:ann\n',
    }),
  );
  const { rows, end } = await answer(
    `SELECT u.username, group_concat(g.groupname, '+' ORDER BY g.groupname) AS groups_of FROM users u
     JOIN user_groups ug USING (uid) JOIN groups g ON g.gid = ug.gid GROUP BY 1 ORDER BY 1`,
    host,
  );
  t.same(rows, [
    { username: 'ann', groups_of: 'ann+staff+sudo' },
    { username: 'bob', groups_of: 'staff' },
  ]);
  t.match(end, { columns: ['username', 'groups_of'], rows: 2, cut: 0, isMore: false });
  const typed = await answer(
    "SELECT typeof(uid) AS kind, 'id ' || uid AS text, shell FROM users WHERE uid = '1002' AND shell LIKE '%FALSE'",
    host,
  );
  t.same(typed.rows, [{ kind: 'integer', text: 'id 1002', shell: '/bin/false' }], 'columns have their types');
});

t.test('one that only reads, and nothing else', async (t) => {
  const target = join(tempFolder(t), 'made');
  const refused = [
    'DELETE FROM users',
    `ATTACH '${target}' AS other`,
    `VACUUM INTO '${target}'`,
    'PRAGMA temp_store_directory',
    'INSERT INTO users (uid) VALUES (1)',
    'EXPLAIN SELECT 1',
    '',
    '-- SELECT',
    'BEGIN',
    'with_x',
  ];
  for (const sql of refused) await t.rejects(answer(sql), { code: 'query.refused' }, sql);
  const invalid = [
    'SELECT 1; SELECT 2',
    'SELECT * FROM nowhere',
    'SELECT nothing FROM users',
    'WITH gone AS (SELECT 1) DELETE FROM users',
    "SELECT load_extension('/tmp/x')",
    "SELECT readfile('/etc/passwd')",
    `SELECT writefile('${target}', 'x')`,
    "SELECT fts3_tokenizer('x', x'00')",
    'SELECT "users"."uid"',
    'SELECT \0',
  ];
  for (const sql of invalid) await t.rejects(answer(sql), { code: /^query\.(?:invalid|refused)$/ }, sql);
  t.notOk(existsSync(target));
  const { rows } = await answer('/* why */ -- not\n VALUES (1), (2)');
  t.same(rows, [{ column1: 1 }, { column1: 2 }]);
  t.same((await answer('WITH one(n) AS (SELECT 7) SELECT n FROM one')).rows, [{ n: 7 }]);
});

t.test('columns keep apart, and are so many at most', async (t) => {
  const { rows, end } = await answer('SELECT 1 AS a, 2 AS a, 3 AS "a:1", 4 AS a');
  t.same(rows, [{ a: 1, 'a:1': 2, 'a:1:1': 3, 'a:2': 4 }]);
  t.equal(end.columns.length, 4);
  const many = Array.from({ length: 257 }, (_, i) => i).join();
  await t.rejects(answer(`SELECT ${many}`), { code: 'query.too_large' });
});

t.test('tables that are looked up: by path, by folder, by pattern, in a join', async (t) => {
  const root = tempFolder(t);
  for (const name of ['a.conf', 'b.conf', 'c.txt']) writeFileSync(join(root, name), name);
  const names = async (where: string) =>
    (await answer(`SELECT filename FROM file WHERE ${where} ORDER BY 1`)).rows.map((row) => row['filename']);
  t.same(await names(`path = '${root}/a.conf'`), ['a.conf']);
  t.same(await names(`path IN ('${root}/a.conf', '${root}/c.txt', '${root}/gone')`), ['a.conf', 'c.txt']);
  t.same(await names(`directory = '${root}'`), ['a.conf', 'b.conf', 'c.txt']);
  t.same(await names(`directory = '${root}' AND path LIKE '%.conf'`), ['a.conf', 'b.conf']);
  t.same(await names(`path LIKE '${root}/%.conf'`), ['a.conf', 'b.conf'], "as osquery's users write it");
  t.same(await names(`pattern = '${root}/%'`), ['a.conf', 'b.conf', 'c.txt']);
  t.same(await names(`path LIKE '${join(root, '..')}/%%' AND directory = '${root}'`), [
    'a.conf',
    'b.conf',
    'c.txt',
  ]);
  t.same(await names("path = 'relative'"), []);
  const joined = await answer(
    `WITH wanted(path) AS (VALUES ('${root}/a.conf'), ('${root}/b.conf'))
     SELECT f.filename, f.size, length(h.sha256) AS digits FROM wanted w JOIN file f ON f.path = w.path
     JOIN hash h ON h.path = f.path ORDER BY 1`,
  );
  t.same(joined.rows, [
    { filename: 'a.conf', size: 6, digits: 64 },
    { filename: 'b.conf', size: 6, digits: 64 },
  ]);
  for (const sql of ['SELECT * FROM file', 'SELECT * FROM hash', "SELECT * FROM file WHERE filename = 'x'"])
    await t.rejects(answer(sql), { code: 'query.constraint_missing', detail: /path = … / }, sql);
});

t.test('what is beyond the bounds is left out and counted', async (t) => {
  const numbers = (n: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n}) SELECT i FROM n`;
  const few = await answer(numbers(1000), undefined, { rows: 10 });
  t.match(few.end, { rows: 10, cut: 990, isMore: false });
  t.same(few.rows.at(-1), { i: 10 });
  const bytes = await answer(numbers(1000), undefined, { bytes: 100 });
  t.equal(bytes.end.rows + bytes.end.cut, 1000);
  t.ok(bytes.end.rows > 10 && bytes.end.rows < 50);
  const endless = await answer(
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n',
    undefined,
    {
      rows: 5,
    },
  );
  t.match(endless.end, { rows: 5, cut: 100_000, isMore: true });
  const parts = await answer(numbers(1000), undefined, { partBytes: 300 });
  t.ok(parts.parts.length > 10);
  t.same(
    parts.rows.map((row) => row['i']),
    Array.from({ length: 1000 }, (_, i) => i + 1),
    'in order, none twice',
  );
  const long = await answer('SELECT 1 AS n UNION ALL SELECT hex(zeroblob(100000)) UNION ALL SELECT 2');
  t.match(long.end, { rows: 1, cut: 2 }, 'a row too long for a part, and what follows');
  const odd = await answer("SELECT x'00ff' AS blob, 9e999 AS much, NULL AS none, 0.5 AS half");
  t.same(odd.rows, [{ blob: '00ff', much: null, none: null, half: 0.5 }]);
});
