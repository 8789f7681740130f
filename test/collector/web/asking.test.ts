/** What pages make of texts and answers before anything is drawn. */
import fc from 'fast-check';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { modifiers } from '#shared/sigma/modifiers/registry.ts';
import { FilterMatcher } from '../../../collector/store/events/match.ts';
import { problemOfStatement } from '../../../collector/web/editor/problem.ts';
import { modifierNames } from '../../../collector/web/editor/sigma-modifiers.ts';
import { fieldTest, filterValue, withTest } from '../../../collector/web/events/filter-text.ts';
import { stackedBars, typeTotals } from '../../../collector/web/events/stacked-bars.ts';
import { cellText, columnsOf, kindOf, sorted } from '../../../collector/web/grid/cells.ts';
import { chartOf, maxBars, maxLines } from '../../../collector/web/grid/chart-series.ts';
import { parametersOf, parameterValue } from '../../../collector/web/hunts/parameters.ts';
import { hostsOf } from '../../../collector/web/query/hosts-of.ts';
import { changedParts, lineDiff } from '../../../collector/web/rules/line-diff.ts';
import { boundsOf } from '../../../collector/web/time/span.ts';
import { batchOf } from '../../events.ts';

/** Which of some command lines a filter lets through. */
function passing(filter: string, lines: readonly string[]): readonly number[] {
  const parsed = parseFilter(filter);
  if (!parsed.ok) throw new Error(`${filter}: ${parsed.problem.message}`);
  const start = (line: string, i: number): AnyEvent => ({
    ...{
      type: 'process.start',
      time: 1_700_000_000_000_000,
      'process.pid': i,
      'process.entity_id': `e${i}`,
      'process.name': 'x',
    },
    ...{ 'process.start': 1_700_000_000_000_000, 'process.command_line': line },
  });
  const decoded = decodeBatch(batchOf(...lines.map(start)).data);
  if (!decoded.ok) throw decoded.error;
  const [group] = decoded.value.groups;
  return new FilterMatcher(parsed.value).rows('h', group!.events, 0, Number.MAX_SAFE_INTEGER);
}

t.test('any value becomes a test of just that value', async (t) => {
  const hostile = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.string({ unit: fc.constantFrom('*', '?', '\\', '"', "'", 'a', ' ', ':', '(', ')'), minLength: 1 }),
    fc.constantFrom('and', 'NOT', 'to', 'a*b?', 'a or b) not c'),
  );
  fc.assert(
    fc.property(hostile, (value) => {
      const rows = passing(`process.command_line:${filterValue(value)}`, [value, `${value}x`, `x${value}`]);
      return rows.length === 1 && rows[0] === 0;
    }),
  );
  t.equal(fieldTest('dns.resolved_ip', ['192.0.2.1', 'a b']), 'dns.resolved_ip:(192.0.2.1, "a b")');
  t.equal(withTest('', 'a:1'), 'a:1');
  t.equal(withTest('b:2', 'not a:1'), 'b:2 not a:1');
  t.equal(withTest('b:2 or c:3', 'a:1'), '(b:2 or c:3) a:1', '`and` binds tighter');
});

t.test('the names of modifiers are those there are', async (t) => {
  t.same([...modifierNames].sort(), [...modifiers.keys()].sort());
});

t.test('where a statement is wrong', async (t) => {
  const message = 'There is no column x (line 2, column 7).';
  t.same(problemOfStatement(message), { line: 2, column: 7, severity: 'error', message });
  t.same(problemOfStatement('No.'), { line: 1, severity: 'error', message: 'No.' });
});

t.test('bars of time, also those without events, stacked by type', async (t) => {
  const counts = {
    ...{ since: '2026-01-01T00:00:30Z', until: '2026-01-01T00:03:10Z', widthSeconds: 60 },
    items: [
      { at: '2026-01-01T00:00:00Z', type: 'login', events: 1 },
      { at: '2026-01-01T00:00:00Z', type: 'process.start', events: 5 },
      { at: '2026-01-01T00:03:00Z', type: 'login', events: 2 },
    ],
  };
  const { types, seconds, stacked } = stackedBars(counts);
  t.same(types, ['process.start', 'login']);
  t.equal(seconds.length, 4);
  t.same(stacked, [
    [5, 0, 0, 0],
    [6, 0, 0, 2],
  ]);
  t.same(typeTotals(counts), [
    ['process.start', 5],
    ['login', 3],
  ]);
  const endless = { ...counts, since: '1970-01-01T00:00:00Z', widthSeconds: 1 };
  t.equal(stackedBars(endless).seconds.length, 1_000, 'bounded whatever the API says');
});

t.test('cells and their order', async (t) => {
  t.same(
    [
      'VARCHAR',
      'BIGINT',
      'UTINYINT',
      'DOUBLE',
      'DECIMAL(18,3)',
      'TIMESTAMP',
      'DATE',
      'VARCHAR[]',
      'INTERVAL',
    ].map(kindOf),
    ['text', 'number', 'number', 'number', 'number', 'instant', 'instant', 'text', 'text'],
  );
  t.equal(cellText(['a', null, 1]), 'a, , 1');
  const rows = [
    ['b', 10],
    ['a', 9],
    [null, 100],
    ['c', null],
  ];
  t.same(
    sorted(rows, { column: 1, descending: false }).map(([, n]) => n),
    [9, 10, 100, null],
  );
  t.same(
    sorted(rows, { column: 1, descending: true }).map(([, n]) => n),
    [100, 10, 9, null],
    'absent last, always',
  );
  t.same(
    sorted(rows, { column: 0, descending: true }).map(([name]) => name),
    ['c', 'b', 'a', null],
  );
  t.equal(sorted(rows, null), rows);
});

t.test('what a result can be drawn as', async (t) => {
  const [time, name, n] = columnsOf([
    { name: 'time', kind: 'instant' },
    { name: 'name', kind: 'text' },
    { name: 'n', kind: 'number' },
  ]);
  const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
  const lines = chartOf(
    [time!, n!],
    [
      [at(2), 2],
      [at(1), 1],
      ['no time', 5],
    ],
  );
  t.match(lines, { kind: 'lines', lines: [{ name: 'n', values: [1, 2] }], leftOut: 0 });
  const many = Array.from({ length: 10 }, (_, i) => [at(1), `name ${i}`, i]);
  const byName = chartOf([time!, name!, n!], [...many, [at(2), 'name 9', 1]]);
  t.equal(byName?.kind === 'lines' && byName.lines.length, maxLines);
  t.match(byName, { lines: [{ name: 'name 9', values: [9, 1] }], leftOut: 2 });
  const bars = chartOf(
    [name!, n!],
    Array.from({ length: 40 }, (_, i) => [`<b>${i}`, i]),
  );
  t.match(bars, { kind: 'bars', bars: [{ name: '<b>39', value: 39 }], leftOut: 40 - maxBars });
  t.equal(chartOf([name!], [['a'], ['b']]), null);
  t.equal(chartOf([name!, n!], [['a', 1]]), null, 'one row is no chart');
});

t.test('parameters of a statement', async (t) => {
  const hunt = { parameters: [{ name: 'hours', type: 'int', doc: 'how far back', default: '24' }] } as never;
  const found = parametersOf("SELECT '$no', $hours + $hours, $who, a$b FROM x", hunt);
  t.same(
    found.map(({ name, usual }) => [name, usual]),
    [
      ['hours', '24'],
      ['who', ''],
    ],
  );
  const value = (type: 'int' | 'text' | 'bool' | 'any', text: string) =>
    parameterValue({ name: 'x', type, doc: '', usual: '' }, text);
  t.same(
    [value('int', '5'), value('text', '5'), value('bool', 'true'), value('any', '1.5'), value('any', 'a')],
    [...[5, '5', true, 1.5, 'a']],
  );
});

t.test('hosts and spans', async (t) => {
  t.same(hostsOf(' '), ['all']);
  t.same(hostsOf('web-*, db-1  h2'), ['web-*', 'db-1', 'h2']);
  t.same(boundsOf({ last: '1h' }, Date.parse('2026-01-01T01:00:00Z')), { since: '2026-01-01T00:00:00.000Z' });
  t.same(boundsOf({ last: 'all' }), {});
});

t.test('a difference leads from one text to the other', async (t) => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after);
      const side = (left: 'gone' | 'new') =>
        lines.flatMap(({ kind, text: said }) => (kind === left ? [] : [said])).join('\n');
      return side('new') === before && side('gone') === after;
    }),
  );
  t.same(
    lineDiff('a\nb\nc', 'a\nx\nc').map(({ kind }) => kind),
    ['same', 'gone', 'new', 'same'],
  );
  const long = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  const parts = changedParts(
    lineDiff(long.join('\n'), [...long.slice(0, 20), 'new', ...long.slice(20)].join('\n')),
  );
  t.equal(parts.filter((part) => part !== null).length, 7, 'three lines before and after');
});
