/** Bloom filters and the footers around them, as DuckDB finds them. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import t from 'tap';
import { foldText } from '#shared/filter/fold-text.ts';
import { noKeyRing } from '../../../../collector/encryption/key-ring.ts';
import { passesFilter } from '../../../../collector/store/segments/parquet/bloom.ts';
import { concatenate } from '../../../../collector/store/segments/parquet/concatenate.ts';
import { gather, ParquetFile } from '../../../../collector/store/segments/parquet/file.ts';
import { readFooter } from '../../../../collector/store/segments/parquet/footer.ts';
import type { GatheredStrings } from '../../../../collector/store/segments/parquet/gathered.ts';
import { readRowGroups } from '../../../../collector/store/segments/parquet/read/row-groups.ts';
import { readStruct, writeStruct } from '../../../../collector/store/segments/parquet/thrift-tree.ts';
import { xxhash64 } from '../../../../collector/store/segments/parquet/xxhash64.ts';
import { tempFolder } from '../../../temp.ts';

const duck = await (await DuckDBInstance.create(':memory:')).connect();
const folder = tempFolder(t);
const noKey = () => noKeyRing.byId('none');
let files = 0;

function write(values: readonly string[]): string {
  const file = new ParquetFile([{ name: 'v', form: 'string', isLookedUp: true }]);
  const column = gather('string', values.length) as GatheredStrings;
  for (const [i, value] of values.entries()) column.addOne(i, 1, value);
  const order = Uint32Array.from(values.keys());
  const path = join(folder, `${++files}.parquet`);
  writeFileSync(path, Buffer.concat([...file.rowGroup([column], order), ...file.finish({})]));
  return path;
}

async function excluded(path: string, value: string): Promise<boolean> {
  const sql = `SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe('${path}', 'v', $1)`;
  return (await duck.runAndReadAll(sql, [value])).getRows()[0]?.[0] as boolean;
}

t.test('xxHash64 gives what its specification says', async (t) => {
  const of = (text: string) => {
    const bytes = Buffer.from(text);
    const { high, low } = xxhash64(bytes, bytes.length);
    return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
  };
  t.equal(of(''), 'ef46db3751d8e999');
  t.equal(of('a'), 'd24ec4f1a98c6e5b');
  t.equal(of('abc'), '44bc2cf5ad770999');
});

t.test('a value that is there is never excluded, whatever it is', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 90 }).map((s) => s.toWellFormed().replaceAll('\0', ' ')),
    fc.constantFrom('', 'bash', 'x'.repeat(300)),
  );
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 40 }), async (values) => {
      const path = write(values);
      for (const value of values) if (await excluded(path, value)) return false;
      return true;
    }),
    { numRuns: 60 },
  );
});

t.test('a value passes as it is and folded, and our reader finds what the engine finds', async (t) => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((s) => s.toWellFormed());
  fc.assert(
    fc.property(fc.uniqueArray(text, { minLength: 1, maxLength: 60 }), (values) => {
      const fd = openSync(write(values), 'r');
      try {
        const [group] = readRowGroups(fd, 'v', noKey);
        const at = group?.chunks.get('v')?.foldedBloomAt as number;
        return values.every((value) =>
          [value, foldText(value)].every((one) => passesFilter(fd, at, Buffer.from(one))),
        );
      } finally {
        closeSync(fd);
      }
    }),
    { numRuns: 100 },
  );
  const path = write(Array.from({ length: 500 }, (_, i) => `There ${i}`));
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  const at = readRowGroups(fd, path, noKey)[0]?.chunks.get('v')?.foldedBloomAt as number;
  let passed = 0;
  for (let i = 0; i < 300; i++) {
    const value = `not there ${i}`;
    const passes = passesFilter(fd, at, Buffer.from(value));
    if (passes === (await excluded(path, value))) t.fail(`${value}: the engine says otherwise`);
    if (passes) passed++;
  }
  t.ok(passed < 15, `${passed} of 300 pass`);
  t.throws(() => passesFilter(fd, 4, Buffer.from('x')), 'where there is none');
});

t.test('of those that are not, few pass', async (t) => {
  const path = write(Array.from({ length: 5000 }, (_, i) => `there ${i}`));
  let passed = 0;
  for (let i = 0; i < 300; i++) if (!(await excluded(path, `not there ${i}`))) passed++;
  t.ok(passed < 15, `${passed} of 300 pass`);
});

t.test('files put together keep their rows and their filters', async (t) => {
  const path = join(folder, 'all.parquet');
  const parts = [['a', 'b'], ['c'], Array.from({ length: 3000 }, (_, i) => `d${i}`)];
  concatenate(
    parts.map((values) => readFooter(write(values), noKey)),
    path,
  );
  const rows = (await duck.runAndReadAll(`SELECT v FROM '${path}'`)).getRows().map(([v]) => v);
  t.same(rows, parts.flat());
  t.same(
    (
      await duck.runAndReadAll(
        `SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe('${path}', 'v', 'c') ORDER BY 1`,
      )
    ).getRows(),
    [
      [0n, true],
      [1n, false],
      [2n, true],
    ],
  );
  t.throws(
    () => readFooter(join(import.meta.dirname, 'bloom.test.ts'), noKey),
    'what is no such file is refused',
  );
});

t.test('a structure that is read and written is the same', async (t) => {
  const struct = new Map([
    [1, { type: 5, value: -7 }],
    [2, { type: 6, value: 2 ** 50 }],
    [3, { type: 8, value: Buffer.from('bytes') }],
    [40, { type: 12, value: new Map([[1, { type: 1, value: 1 }]]) }],
    [41, { type: 9, value: { of: 5, items: Array.from({ length: 20 }, (_, i) => i) } }],
  ]);
  t.same(readStruct(writeStruct(struct)), struct);
  t.throws(() => readStruct(writeStruct(struct).subarray(0, 12)));
});
