/** What spares detectors to look things up for every event gives what looking them up gives. */
import fc from 'fast-check';
import t from 'tap';
import { noAdvisories } from '#shared/detect/detectors/advisory/none.ts';
import { DetectorEngine } from '#shared/detect/detectors/engine.ts';
import { EntityTable, Held } from '#shared/detect/detectors/entity-table.ts';
import { HashTimes } from '#shared/detect/detectors/hash-times.ts';
import { KeyHash } from '#shared/detect/detectors/key-hash.ts';
import { PairMemory } from '#shared/detect/detectors/key-memory.ts';
import { SharedMemory } from '#shared/detect/detectors/memory.ts';
import { ObservedRows } from '#shared/detect/detectors/observed-rows.ts';
import { PerProgram } from '#shared/detect/detectors/per-program.ts';
import { PerText } from '#shared/detect/detectors/per-text.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { columnarOf } from '#shared/schema/columnar.ts';

t.test('times by hash are those of a map, whatever was put in and taken out', async (t) => {
  // Few places to stand in, so that many want the same.
  const hashed = fc.record({ a: fc.integer({ min: 0, max: 40 }), b: fc.integer({ min: 0, max: 3 }) });
  const step = fc.record({ of: hashed, at: fc.option(fc.double({ noNaN: true }), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const times = new HashTimes();
      const map = new Map<string, number>();
      for (const { of, at } of steps) {
        const key = `${of.a} ${of.b}`;
        t.equal(times.get(of), map.get(key));
        if (at === undefined) {
          times.delete(of);
          map.delete(key);
        } else {
          times.set(of, at);
          map.set(key, at);
        }
      }
      const again = new HashTimes();
      again.load(times.save());
      t.equal(again.size, map.size);
      for (const [key, at] of map) {
        const [a = 0, b = 0] = key.split(' ').map(Number);
        t.equal(again.get({ a, b }), at);
      }
    }),
    { numRuns: 300 },
  );
});

t.test('hashes tell keys apart, and parts of them', async (t) => {
  const hash = new KeyHash();
  const of = (...parts: readonly (string | number)[]) => {
    hash.from();
    for (const part of parts) typeof part === 'string' ? hash.text(part) : hash.number(part);
    return `${hash.a} ${hash.b}`;
  };
  t.equal(of('a', 'b', 1), of('a', 'b', 1));
  const different = [
    of('ab'),
    of('a', 'b'),
    of('', 'ab'),
    of('ab', ''),
    of('ab', 0),
    of('ab', -1),
    of('ab', 1),
  ];
  t.equal(new Set(different).size, different.length);
  const all = new Set<string>();
  for (let i = 0; i < 100_000; i++) all.add(of(`10.0.${i >> 8}.${i & 255}`, i % 7));
  t.equal(all.size, 100_000);
  const first = new KeyHash().text('a');
  hash.from(first).text('b');
  t.equal(`${hash.a} ${hash.b}`, of('a', 'b'), 'goes on after what was hashed before');
});

t.test('what is kept at hand is made anew once it has left, and counts as used', async (t) => {
  const memory = new SharedMemory();
  const table = new EntityTable<{ n: number }>('t', memory, 2);
  const held = new Held<{ n: number }>('a');
  let made = 0;
  const hold = (time: number) => table.hold(held, time, () => ({ n: ++made }));
  t.equal(hold(0).n, 1);
  t.equal(
    table.obtain('a', 0, () => ({ n: 9 })),
    hold(1),
    'one thing, however it is reached',
  );
  table.put('b', 2, { n: 0 });
  t.equal(hold(3_600e6).n, 1);
  table.put('c', 3_600e6, { n: 0 });
  t.strictSame(
    [...table].map(([key]) => key),
    ['a', 'c'],
    'the one touched longest ago went',
  );
  table.forget('a');
  t.equal(hold(3_601e6).n, 2);
  t.equal(table.bytes, memory.used);
  const long = new Held<{ n: number }>('k'.repeat(5_000));
  t.equal(
    table.hold(long, 0, () => ({ n: 7 })),
    table.find('k'.repeat(2_000), 0),
    'keys are cut',
  );
});

t.test('what is made of texts is made once for each of a batch, and of each group apart', async (t) => {
  const rows = (names: readonly (string | undefined)[], group: number, hostId = 'h') => {
    const events = columnarOf(
      eventSpecs['process.start'],
      names.map((name, i) => ({ type: 'process.start', time: i, ...(name && { 'process.name': name }) })),
    );
    const origin = { hostId, hostName: hostId, product: 'linux', eventId: () => '' };
    return new ObservedRows(origin, events, group);
  };
  const made: string[] = [];
  const per = new PerText('process.name', (text, { hostId }) => {
    made.push(`${hostId} ${text}`);
    return `${hostId} ${text}`;
  });
  const [a, b] = [rows(['x', undefined, 'y', 'x'], 0), rows(['y', 'y'], 1)];
  t.equal(per.of(a.at(0)), 'h x');
  t.equal(per.of(b.at(0)), 'h y');
  t.equal(per.of(a.at(1)), undefined);
  t.equal(per.of(a.at(2)), 'h y');
  t.equal(per.of(b.at(1)), 'h y');
  t.equal(per.of(a.at(3)), 'h x');
  t.strictSame(made, ['h x', 'h y', 'h y'], 'once for each group');
  t.equal(per.of(rows(['x'], 0, 'other').at(0)), 'other x', 'another batch is looked at anew');
  t.equal(new PerProgram((text) => text).of(a.at(2)), 'y', 'the name where there is no path');
  t.equal(new PerText('process.executable', (text) => text).of(a.at(0)), undefined);
});

t.test('rows come in order of time, those of one time as they stand', async (t) => {
  const of = (times: readonly number[]) =>
    new ObservedRows(
      { hostId: 'h', hostName: 'h', product: 'linux', eventId: () => '' },
      columnarOf(
        eventSpecs['process.start'],
        times.map((time) => ({ type: 'process.start', time })),
      ),
      0,
    );
  const order = (times: readonly number[]) => times.map((_, place) => of(times).rowAt(place));
  t.strictSame(order([1, 1, 2]), [0, 1, 2]);
  t.strictSame(order([3, 1, 3, 1, 2]), [1, 3, 4, 0, 2]);
  t.equal(of([3, 1, 2]).earliest, 1);
  t.equal(of([3, 1, 2]).latest, 3);
});

t.test('pairs are told apart by both of their texts', async (t) => {
  const memory = new PairMemory((key) => ({ key }));
  t.equal(memory.of('a', 'b'), memory.of('a', 'b'));
  t.not(memory.of('a', 'b'), memory.of('b', 'a'));
});

t.test('where no rule asks for detectors, events are not even looked at', async (t) => {
  const engine = new DetectorEngine({ specs: [], settings: new Map(), advisories: noAdvisories });
  const untouchable = new Proxy([], {
    get: () => t.fail('looked at'),
  });
  const origin = { hostId: 'h', hostName: 'h', product: 'linux', eventId: () => '' };
  t.strictSame(engine.observe(origin, untouchable), []);
  t.equal(engine.revision, 0);
});
