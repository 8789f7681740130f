/** What correlations may take, what leaves when it is too much, and that all of it is counted. */
import t from 'tap';
import type { CorrelationOptions } from '../../../../shared/sigma/index.ts';
import { compiled, Runner } from './correlations.ts';

const count = {
  type: 'event_count',
  rules: ['a'],
  'group-by': ['User'],
  timespan: '1d',
  condition: { gte: 3 },
};
const values = { ...count, type: 'value_count', condition: { field: 'Image', gte: 3 } };

function runnerOf(correlation: object, options: CorrelationOptions = {}): Runner {
  return new Runner(compiled(correlation), options);
}
const statsOf = (runner: Runner) => runner.engine.stats.correlations[0]!;

t.test('windows hold both their ends, and late events are put in their place', async (t) => {
  const fired = (seconds: readonly number[]) => {
    const runner = runnerOf({ ...count, timespan: '1m' });
    return seconds.map((s) => runner.one('a', { time: s * 1e6 }) !== null);
  };
  t.strictSame(fired([0, 30, 60]), [false, false, true]);
  t.strictSame(fired([0, 30, 61]), [false, false, false]);
  t.strictSame(fired([50, 70, 100]), [false, false, true], 'not on clock boundaries');
  t.strictSame(fired([0, 60, 30]), [false, false, true]);
  t.strictSame(fired([0, 300, 10, 20]), [false, false, false, false]);
});

t.test('too late is counted', async (t) => {
  for (const correlation of [count, values, { ...count, type: 'temporal', condition: { gte: 1 } }]) {
    const runner = runnerOf({ ...correlation, timespan: '1m' });
    const at = (second: number) => runner.one('a', { time: second * 1e6, fields: { Image: 'x' } });
    at(1000);
    at(879);
    t.equal(statsOf(runner).tooLate, 1, correlation.type);
  }
});

t.test('events without the value are counted', async (t) => {
  const runner = runnerOf({ ...count, type: 'value_sum', condition: { field: 'Size', gte: 0 } });
  for (const Size of ['1', 'much', '', ' ', 'Infinity', '-2e3'])
    runner.one('a', { time: 1, fields: { Size } });
  runner.one('a', { time: 1 });
  t.match(statsOf(runner), { fed: 7, unusable: 5 });
});

t.test('groups beyond the bound leave, the one touched longest ago first', async (t) => {
  const runner = runnerOf(count, { keys: 10 });
  const feed = (user: number) => runner.one('a', { time: 1e6, fields: { User: `u${user}` } });
  for (let i = 0; i < 10; i++) feed(i);
  feed(0);
  for (let i = 10; i < 15; i++) feed(i);
  t.match(statsOf(runner), { groups: 10, evicted: 5 });
  t.ok(feed(0), 'touched, so it stayed');
  t.equal(feed(1), null);
  t.equal(feed(1), null, 'began anew');
  t.ok(feed(1));
});

t.test('bytes beyond the budget make room, whatever the type', async (t) => {
  const memoryBytes = 2_000_000;
  const types = [
    count,
    values,
    { ...count, type: 'temporal', condition: { gte: 2 }, rules: ['a', 'b'] },
    { ...count, type: 'value_median', condition: { field: 'Size', gte: 1e9 } },
  ];
  for (const correlation of types) {
    const runner = runnerOf(correlation, { memoryBytes });
    for (let i = 0; i < 60_000; i++) {
      const fields = { User: `user ${i % 40_000}`, Image: `image ${i}`, Size: String(i) };
      runner.one('a', { time: i, id: i, fields });
    }
    const { groups, evicted, bytes } = statsOf(runner);
    t.ok(evicted > 1_000 && groups > 1_000, `${correlation.type}: ${groups} groups, ${evicted} evicted`);
    t.ok(bytes < memoryBytes * 1.2, `${correlation.type}: ${bytes} bytes`);
    t.equal(runner.engine.stats.bytes, bytes, 'every pool tells the budget what it takes');
    const last = { time: 60_000, fields: { User: 'fresh', Image: 'i', Size: '2e9' } };
    for (let i = 0; i < 3; i++) runner.one('a', { ...last, fields: { ...last.fields, Image: `${i}` } });
    t.equal(runner.one('a', last) !== null, correlation.type !== 'temporal', 'and it goes on working');
  }
});

t.test('a large correlation does not starve a small one', async (t) => {
  const runner = new Runner(compiled(count, { ...count, rules: ['b'], 'group-by': ['Image'] }), {
    memoryBytes: 1_000_000,
  });
  for (let i = 0; i < 30_000; i++) runner.feed('a', { time: i, fields: { User: `u${i}` } });
  const firings = [1, 2, 3].flatMap((i) => runner.feed('b', { time: i, fields: { Image: 'x' } }));
  t.equal(firings.length, 1);
});

t.test('idle groups leave by the time of events, at most two for each', async (t) => {
  const runner = runnerOf({ ...count, timespan: '1m' });
  for (let i = 0; i < 1_000; i++) runner.one('a', { time: i * 60e6, fields: { User: `u${i}` } });
  t.ok(statsOf(runner).groups < 10);
  t.match(statsOf(runner), { evicted: 0, expired: 1_000 - statsOf(runner).groups });
  const wrongClock = runnerOf({ ...count, timespan: '1m' });
  for (let i = 0; i < 100; i++) wrongClock.one('a', { time: 1e6, fields: { User: `u${i}` } });
  wrongClock.one('a', { time: 1e15, fields: { User: 'ahead' } });
  t.equal(statsOf(wrongClock).groups, 99, 'one event far ahead does not empty the table');
});

t.test('a group that has too many drops its oldest, and that is counted', async (t) => {
  const runner = runnerOf({ ...values, condition: { field: 'Image', gte: 100_000 } });
  for (let i = 0; i < 200_010; i++) runner.one('a', { time: i, id: i, fields: { Image: `${i}` } });
  t.equal(statsOf(runner).dropped, 10);
  const temporal = runnerOf({ ...count, type: 'temporal', rules: ['a', 'b'], condition: undefined });
  for (let i = 0; i < 5_000; i++) temporal.one('a', { time: i, id: i });
  t.ok(statsOf(temporal).dropped > 4_000, 'what is within the lateness is dropped only for room');
  t.match(temporal.one('b', { time: 5_000 }), { value: 2 }, 'the last of each rule stays');
});

t.test('events of a rule that comes often do not push the others out', async (t) => {
  const ordered = runnerOf({
    ...count,
    type: 'temporal_ordered',
    rules: ['a', 'b', 'c'],
    condition: undefined,
  });
  ordered.one('a', { time: 0 });
  ordered.one('b', { time: 1 });
  for (let i = 0; i < 5_000; i++) ordered.one('a', { time: 2 + i * 1e6, id: i });
  t.match(ordered.one('c', { time: 5_001e6 }), { firstAt: 0, eventIds: ['e0', 'e0', 'e0'] });
});

t.test('sums do not drift', async (t) => {
  const runner = runnerOf({
    ...{ type: 'value_sum', rules: ['a'], timespan: '10s', condition: { field: 'Size', gte: -1e300 } },
  });
  const sizes = ['1e16', '1', '0.1', '-1e16', '3e15', '0.3'];
  let value = 0;
  for (let i = 0; i < 100_000; i++)
    value = runner.one('a', { time: i * 1e6, fields: { Size: sizes[i % sizes.length]! } })!.value;
  const inside = Array.from({ length: 11 }, (_, i) => Number(sizes[(99_999 - i) % sizes.length]));
  const exact = inside.reduce((sum, size) => sum + BigInt(Math.round(size * 10)), 0n);
  t.ok(Math.abs(value - Number(exact) / 10) < 1, `${value} is ${Number(exact) / 10}`);
  for (const Size of ['1.7e308', '1.7e308']) runner.one('a', { time: 100_000e6, fields: { Size } });
  t.match(
    runner.one('a', { time: 100_020e6, fields: { Size: '5' } }),
    { value: 5 },
    'an overflow does not stay',
  );
});

t.test('the cost of an event does not grow with what the window holds', async (t) => {
  const cost = (distinct: number): number => {
    const runner = runnerOf({
      ...values,
      'group-by': undefined,
      condition: { field: 'Image', gte: 100_000 },
    });
    const images = Array.from({ length: distinct }, (_, i) => `/usr/bin/${i}`);
    const feed = (from: number, n: number) => {
      for (let i = from; i < from + n; i++)
        runner.one('a', { time: i, id: i, fields: { Image: images[i % distinct]! } });
    };
    feed(0, 150_000);
    const began = performance.now();
    feed(150_000, 150_000);
    return performance.now() - began;
  };
  cost(1_000);
  const [few, many] = [cost(1_000), cost(99_000)];
  t.ok(many < few * 8, `${Math.round(few)} ms with 1,000 values, ${Math.round(many)} ms with 99,000`);
});

t.test('a million groups are held within the default bounds, each in two hundred bytes', async (t) => {
  for (const correlation of [count, values]) {
    const runner = runnerOf(correlation);
    for (let i = 0; i < 1_000_000; i++)
      runner.one('a', {
        time: i,
        id: i % 500,
        fields: { User: `user-${i}@host.example`, Image: `/${i % 5_000}` },
      });
    const { groups, evicted, bytes } = statsOf(runner);
    t.match({ groups, evicted }, { groups: 1_000_000, evicted: 0 });
    t.ok(bytes / groups < 200, `${correlation.type}: ${Math.round(bytes / groups)} bytes a group`);
  }
});
