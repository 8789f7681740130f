/** Names without quotes: what is quoted, what is left alone, and the way back to where it was written. */
import fc from 'fast-check';
import t from 'tap';
import { tokensOf } from '../../../../collector/store/events/sql/lexer.ts';
import { quoteNames } from '../../../../collector/store/events/sql/names.ts';
import { nearNames } from '../../../../collector/store/events/sql/near-names.ts';
import { knownNames } from '../../../../collector/store/events/sql/views.ts';

const quoted = (sql: string) => quoteNames(sql, knownNames).sql;

t.test('fields and types are quoted where they are names', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['SELECT process.name FROM process.start', 'SELECT "process.name" FROM "process.start"'],
    ['p.process.parent.name', 'p."process.parent.name"'],
    ['"p".process.name', '"p"."process.name"'],
    ['process.start.process.name', '"process.start"."process.name"'],
    ['events.process.name', 'events."process.name"'],
    ['PROCESS.Name', '"process.name"'],
    ['upper(process.name)', 'upper("process.name")'],
    ['process.name.upper()', '"process.name".upper()'],
    ['p.process.name.upper()', 'p."process.name".upper()'],
    ['-process.pid+1.5e3', '-"process.pid"+1.5e3'],
    ['process.name::text', '"process.name"::text'],
    ['file.changes[1]', '"file.changes"[1]'],
  ];
  for (const [written, expected] of cases) t.equal(quoted(written), expected);
  t.end();
});

t.test('texts, comments, quoted names, parameters and unknown names are left alone', (t) => {
  for (const sql of [
    `'process.name'`,
    `'it''s process.name'`,
    `E'\\' process.name'`,
    `$$ process.name $$`,
    `$x$ process.name $$ $x$`,
    `-- process.name`,
    `/* process.name /* process.name */ process.name */`,
    `"process.name"`,
    `"a ""process.name"" b"`,
    `$process.name`,
    `a.b.c`,
    `process.nothing`,
    `process . name`,
    `time`,
    `'process.name`,
    `/* process.name`,
    `1.5.process`,
  ])
    t.equal(quoted(sql), sql, sql);
  t.end();
});

const piece = fc.oneof(
  fc.constantFrom(
    ...[...knownNames.values()].slice(0, 50),
    'p',
    '.',
    ' ',
    "'",
    '"',
    '--',
    '/*',
    '*/',
    '$$',
    '\n',
    '$x',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));

t.test('no letter is lost whatever is written, and offsets lead back', async () => {
  await fc.assert(
    fc.property(text, (sql) => {
      if (
        tokensOf(sql)
          .map((token) => token.text)
          .join('') !== sql
      )
        return false;
      const result = quoteNames(sql, knownNames);
      let at = 0;
      // What was written stands in the result in order, but for the quotes; letters of names may change their case.
      for (let i = 0; i < result.sql.length; i++) {
        const written = result.written(i);
        if (written < at || written > sql.length) return false;
        at = written;
        const letter = result.sql[i] as string;
        const isOurs = result.written(i + 1) === written;
        if (!isOurs && sql[written]?.toLowerCase() !== letter.toLowerCase()) return false;
      }
      return result.written(result.sql.length) === sql.length;
    }),
    { numRuns: 2000 },
  );
});

t.test('quoting what is quoted changes nothing', async () => {
  await fc.assert(
    fc.property(text, (sql) => quoted(quoted(sql)) === quoted(sql)),
    { numRuns: 1000 },
  );
});

t.test('near names', (t) => {
  const names = ['process.name', 'process.parent.name', 'user.name', 'source.ip', 'time'];
  t.strictSame(nearNames('proces.name', names), ['process.name']);
  t.strictSame(nearNames('process.naem', names), ['process.name']);
  t.strictSame(nearNames('ip', names), []);
  t.strictSame(nearNames('name', names).slice(0, 1), ['process.name']);
  t.strictSame(nearNames('tiem', names), ['time']);
  t.strictSame(nearNames('something.else', names), []);
  t.end();
});
