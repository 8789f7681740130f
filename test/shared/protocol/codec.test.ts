import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import t from 'tap';
import { type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { decodeInts, encodeInts, isIntPlanes } from '#shared/protocol/codec/planes.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import { eventOf } from './arbitrary.ts';

const types = Object.keys(eventSpecs) as EventType[];

function decoded(data: Uint8Array): EventRow[] {
  const result = decodeBatch(data);
  if (!result.ok) throw result.error;
  return result.value.groups.flatMap(({ events }) =>
    Array.from({ length: events.count }, (_, i) => rowAt(events, i)),
  );
}

for (const type of types) {
  t.test(`${type} round-trips`, async (t) => {
    fc.assert(
      fc.property(fc.array(eventOf(type), { minLength: 1, maxLength: 300 }), (rows) => {
        const batch = encodeBatch(rows);
        t.strictSame(decoded(batch.data), rows);
        return batch.count === rows.length && batch.counts[type] === rows.length;
      }),
      { numRuns: 60 },
    );
  });
}

t.test('mixed types keep their order within a type, and are numbered by group', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...types.map(eventOf)), { minLength: 1, maxLength: 60 }), (rows) => {
      const result = decodeBatch(encodeBatch(rows).data);
      if (!result.ok) throw result.error;
      let offset = 0;
      for (const group of result.value.groups) {
        t.equal(group.offset, offset);
        const same = rows.filter((r) => r.type === group.events.type);
        t.strictSame(
          same,
          same.map((_, i) => rowAt(group.events, i)),
        );
        offset += group.events.count;
      }
      return result.value.count === rows.length;
    }),
    { numRuns: 100 },
  );
});

t.test('integers of any span round-trip, sorted or not', async () => {
  const max = 2 ** 52;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -max, max }), { minLength: 1 }),
      fc.boolean(),
      (values, sorted) => {
        if (sorted) values.sort((a, b) => a - b);
        const planes = encodeInts(values);
        return (
          isIntPlanes(planes, values.length) &&
          decodeInts(planes, values.length).every((v, i) => v === values[i])
        );
      },
    ),
  );
});

t.test('any bytes decode to a result, never an exception', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, compress) => {
      const result = decodeBatch(compress ? zstdCompressSync(bytes) : bytes);
      return !result.ok && result.error.code === 'wire.batch_malformed';
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

t.test('a batch with any bytes changed decodes whole or is refused', async (t) => {
  const rows = fc.sample(fc.oneof(...types.map(eventOf)), 50);
  const body = zstdDecompressSync(encodeBatch(rows).data);
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), (at, value) => {
      const mutated = Uint8Array.from(body);
      mutated[at] = value;
      const result = decodeBatch(zstdCompressSync(mutated));
      if (!result.ok) {
        refused++;
        return result.error.code === 'wire.batch_malformed';
      }
      for (const { events } of result.value.groups) {
        for (let i = 0; i < events.count; i++) rowAt(events, i);
      }
      return true;
    }),
    { numRuns: 3000 },
  );
  t.ok(refused > 0);
});

t.test('forged bodies are refused', async (t) => {
  const pack = (body: unknown) => zstdCompressSync(new Packr({ useRecords: false }).pack(body));
  const none = new Uint8Array(0);
  const times = [null, [0, 0, none]];
  const forged: Record<string, unknown> = {
    'a count beyond the bound': [1, [[1, 70_000, times, []]]],
    'a negative count': [1, [[1, -1, times, []]]],
    'planes of the wrong length': [1, [[1, 2, [null, [0, 1, new Uint8Array(1)]], []]]],
    'an index past the dictionary': [1, [[1, 1, times, [[4, [['a'], [2, 0, none]]]]]]],
    'a dictionary of numbers': [1, [[1, 1, times, [[4, [[1], [1, 0, none]]]]]]],
    'another codec version': [2, []],
  };
  for (const [name, body] of Object.entries(forged)) {
    const result = decodeBatch(pack(body));
    t.equal(result.ok ? '' : result.error.code, 'wire.batch_malformed', name);
  }
  const bomb = zstdCompressSync(Buffer.alloc(80 * 1024 * 1024));
  t.equal(decodeBatch(bomb).ok, false, 'a decompression bomb');
});

t.test('types and columns of a newer agent are dropped and counted', async (t) => {
  const none = new Uint8Array(0);
  const times = [null, [7, 0, none]];
  const body = [
    1,
    [
      [999, 3, times, []],
      [1, 2, times, [[999, ['?']]]],
    ],
  ];
  const result = decodeBatch(zstdCompressSync(new Packr({ useRecords: false }).pack(body)));
  if (!result.ok) throw result.error;
  t.strictSame(result.value.unknown, { events: 3, columns: 1 });
  t.equal(result.value.count, 5);
  t.equal(result.value.groups[0]?.offset, 3);
});
