import fc from 'fast-check';
import t from 'tap';
import { valueAt } from '../../../shared/schema/columns.ts';
import { ColumnBatch, columnsOf } from '../../../shared/sigma/json/columns.ts';
import { type BadDocument, JsonDocuments, type JsonEvent } from '../../../shared/sigma/json/documents.ts';
import { flatten } from '../../../shared/sigma/json/flatten.ts';
import { type Frame, frameBounds, JsonFramer } from '../../../shared/sigma/json/framer.ts';
import { eventTimeUs } from '../../../shared/sigma/json/time.ts';

interface Read {
  readonly events: readonly JsonEvent[];
  readonly bad: readonly BadDocument[];
}

function read(...chunks: readonly (string | Uint8Array)[]): Read {
  const events: JsonEvent[] = [];
  const bad: BadDocument[] = [];
  const documents = new JsonDocuments({ onEvent: (e) => events.push(e), onBad: (b) => bad.push(b) });
  for (const chunk of chunks) documents.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  documents.end();
  return { events, bad };
}

/** The values of the field `a` of each event, by line. */
function found(
  ...chunks: readonly (string | Uint8Array)[]
): readonly (readonly [number, string | undefined])[] {
  return read(...chunks).events.map(({ line, fields }) => [line, fields.get('a')?.join()]);
}

const both = [
  [1, '1'],
  [2, '2'],
];

t.test('layouts', async (t) => {
  t.strictSame(found('{"a":1}\n{"a":2}\n'), both, 'lines');
  t.strictSame(found('{"a":1}\r\n{"a":2}'), both, 'without an end of line');
  t.strictSame(found('[{"a":1},\n{"a":2}]'), both, 'a list');
  t.strictSame(
    found('{"a":1}{"a":2}'),
    [
      [1, '1'],
      [1, '2'],
    ],
    'one after another',
  ); // prettier-ignore
  t.strictSame(
    found('{\n  "a": 1\n}\n\n{\n  "a": 2\n}\n'),
    [
      [1, '1'],
      [5, '2'],
    ],
    'with indentation',
  ); // prettier-ignore
  t.strictSame(found('{"a":1},\n{"a":2},\n'), both, 'with commas');
  t.strictSame(found('\u001e{"a":1}\n\u001e{"a":2}\n'), both, 'with record separators');
  t.strictSame(found('\uFEFF{"a":1}\n{"a":2}'), both, 'with a byte order mark');
  t.strictSame(
    found('[\n  {"a":1}\n]\n[{"a":2}]'),
    [
      [2, '1'],
      [4, '2'],
    ],
    'several lists',
  ); // prettier-ignore
  for (const nothing of ['', '\n\n', '[]', ' [ ] ']) t.strictSame(read(nothing), { events: [], bad: [] });
});

t.test('what is broken costs little around it', async (t) => {
  const lines = (text: string) => {
    const { events, bad } = read(text);
    return [events.map((e) => e.line), bad.map((b) => b.line), bad[0]?.code];
  };
  t.strictSame(lines('{"a":1}\nnot json\n{"a":2}'), [[1, 3], [2], 'event.not_json']);
  t.strictSame(lines('{"a":1\n{"a":2}\n{"a":3}'), [[2, 3], [1], 'event.not_json'], 'cut off after a value');
  t.strictSame(lines('{"a":\n{"a":2}\n{"a":3}'), [[2, 3], [1], 'event.not_json'], 'after a colon');
  t.strictSame(lines('{"a":"x\n{"a":2}\n{"a":3}'), [[2, 3], [1], 'event.not_json'], 'within a text');
  t.strictSame(lines('{"a":[1,\n{"a":2}\n{"a":3}'), [[2, 3], [1], 'event.not_json'], 'within a list');
  t.strictSame(lines('{"a":1}\n{"a":'), [[1], [2], 'event.not_json'], 'at the end');
  t.strictSame(lines('{"a":[1}]\n{"a":2}'), [[2], [1], 'event.not_json'], 'brackets that cross');
  t.strictSame(lines('{"a":1}}\n{"a":2}'), [[1, 2], [1], 'event.not_json'], 'one bracket too many');
  t.strictSame(lines('{"a" 1}\n{"a":2}'), [[2], [1], 'event.not_json']);
  t.strictSame(
    lines('17\n"x"\nnull\n{"a":2}'),
    [[4], [1, 2, 3], 'event.not_json'],
    'values that are no maps',
  );
  t.strictSame(lines('[17,{"a":2},"x",\n{"a":3}]'), [[1, 2], [1, 1], 'event.not_json'], 'also in lists');
});

t.test('bounds', async (t) => {
  const frames: Frame[] = [];
  const framer = new JsonFramer((frame) => frames.push(frame), 1_000);
  const long = `{"a":"${'x'.repeat(5_000)}"}`;
  for (const part of [long.slice(0, 2_000), `${long.slice(2_000)}\n{"a":1}\n`])
    framer.push(Buffer.from(part));
  framer.end();
  t.match(frames, [
    { kind: 'broken', line: 1, why: 'too large' },
    { kind: 'document', line: 2 },
  ]);
  t.equal(frames.length, 2);
  const deep = (n: number) => `${'{"a":'.repeat(n)}1${'}'.repeat(n)}\n{"a":2}`;
  t.match(read(deep(frameBounds.depth)).bad, []);
  t.match(read(deep(100_000)).bad[0], { code: 'event.too_large', line: 1 });
  t.strictSame(
    read(deep(100_000)).events.map((e) => e.line),
    [2],
  );
  t.match(read(`{"a":[${'1,'.repeat(20_000)}1]}`).bad, [{ code: 'event.too_large' }]);
  const huge = `{"a":"${'y'.repeat(4 << 20)}"}`;
  t.equal(read(`${huge}\n${huge}`).events.length, 2, 'lines of megabytes');
});

t.test('bytes that are not UTF-8', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from('{"a":"x'),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('y"}\n{"a":2}'),
  ]);
  t.strictSame(found(bytes), [
    [1, 'x\uFFFD\uFFFDy'],
    [2, '2'],
  ]); // prettier-ignore
  const [first, second] = [Buffer.from('{"a":"é"}').subarray(0, 7), Buffer.from('{"a":"é"}').subarray(7)];
  t.strictSame(found(first, second), [[1, 'é']], 'a character over two chunks');
});

t.test('values by dotted names', async (t) => {
  const flat = (document: object) => Object.fromEntries(flatten(document)!);
  t.strictSame(flat({ a: { b: { c: 1 } }, 'a.b': { d: true } }), { 'a.b.c': ['1'], 'a.b.d': ['true'] });
  t.strictSame(flat({ a: [1, 'x', null, false], b: [], c: null }), {
    a: ['1', 'x', 'false'],
    b: [],
    c: [],
  });
  t.strictSame(flat({ r: [{ n: 1 }, { n: 2, m: [3] }] }), { 'r.n': ['1', '2'], 'r.m': ['3'] });
  t.strictSame(flat({ 'New Value': 'x' }), { NewValue: ['x'] }, 'spaces in names do not count');
  t.strictSame(flat({ a: '' }), { a: [''] });
  const hostile = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":2},"toString":3}') as object;
  t.strictSame(flat(hostile), { '__proto__.x': ['1'], 'constructor.prototype': ['2'], toString: ['3'] });
  t.equal(({} as { readonly x?: unknown }).x, undefined, 'nothing leaks into other objects');
  t.strictSame(found('{"a":1,"a":2}'), [[1, '2']], 'of two keys alike the later counts');
  t.strictSame(
    found('{"a":12345678901234567890}'),
    [[1, '12345678901234567890']],
    'long numbers keep digits',
  );
  t.strictSame(found('{"a":0.12345678901234567890}'), [[1, '0.12345678901234568']]);
});

t.test('columns', async (t) => {
  const events = read('{"a":1,"b":["x","y"]}\n{"a":"1"}\n{"b":"x"}\n{}').events.map((e) => e.fields);
  const { columns, count } = columnsOf(events);
  const values = (name: string) => events.map((_, row) => valueAt(columns.get(name)!, row));
  t.equal(count, 4);
  t.strictSame(values('a'), ['1', '1', undefined, undefined]);
  t.strictSame(values('b'), [['x', 'y'], undefined, ['x'], undefined]);
  const batch = new ColumnBatch();
  for (let i = 0; !batch.isFull; i++) batch.add(new Map([[`f${i}`, ['v'.repeat(100)]]]), i);
  t.ok(batch.count <= 512);
});

t.test('times', async (t) => {
  const at = (field: string, value: string, names?: readonly string[]) =>
    eventTimeUs(new Map([[field, [value]]]), names);
  const us = Date.UTC(2026, 0, 2, 3, 4, 5) * 1000;
  t.equal(at('@timestamp', '2026-01-02T03:04:05.678901Z'), us + 678_901);
  t.equal(at('UtcTime', '2026-01-02 03:04:05.678'), us + 678_000);
  t.equal(at('ts', '1767323045.5'), us + 500_000);
  t.equal(at('time', String(us)), us);
  t.equal(at('eventTime', '2026-01-02T03:04:05Z'), us);
  t.equal(at('when', '2026-01-02T03:04:05Z', ['when']), us);
  t.equal(at('time', 'soon'), undefined);
  t.equal(at('other', '5'), undefined);
});

t.test('however a stream is cut into chunks, it reads the same', async () => {
  const piece = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.object({ maxDepth: 3 }).map((o) => JSON.stringify(o, null, 2)),
    fc.constantFrom('\n', '{"a":', '{"a":"\\"', '[', ']', ',', '}', 'x', '\uFEFF', '\u001e', '{"é":"–"}\n'),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }),
      fc.array(fc.nat(40), { maxLength: 10 }),
      (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join('\n'));
        const whole = JSON.stringify(read(bytes));
        const chunks: Uint8Array[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        const parts = JSON.stringify(read(...chunks, bytes.subarray(from)));
        if (parts !== whole) throw new Error(`${parts} is not ${whole}`);
      },
    ),
    { numRuns: 2_000 },
  );
});

t.test('good lines between bad ones are all read', async () => {
  // What could go on over the next line, such as a colon at the end, is not certainly broken.
  const bad = fc.constantFrom(
    '{',
    '{"a":"x',
    '[{',
    'x',
    '{"b":{"c":1}',
    '{"a":"\\\\',
    ']]',
    '{"a":1]',
    '{"a":1}}',
  );
  const good = fc.nat(9).map((n) => `{"a":${n}}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(good, bad), { maxLength: 30 }), (lines) => {
      const wanted = lines.flatMap((line, i) => (/^\{"a":\d\}$/.test(line) ? [i + 1] : []));
      const got = new Set(read(lines.join('\n')).events.map((e) => e.line));
      const lost = wanted.filter((line) => !got.has(line));
      if (lost.length > 0) throw new Error(`lines ${lost} are lost`);
    }),
    { numRuns: 3_000 },
  );
});
