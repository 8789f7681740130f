/** Snapshots: what they carry, for whom, and that nothing else is ever taken up. */
import fc from 'fast-check';
import t from 'tap';
import { CorrelationEngine, type RuleSet } from '../../../../shared/sigma/index.ts';
import { compiled, Runner } from './correlations.ts';

const count = {
  ...{ type: 'event_count', rules: ['a'], 'group-by': ['User'], timespan: '1m' },
  condition: { gte: 3 },
};
const values = { ...count, type: 'value_count', condition: { field: 'Image', gte: 3 } };
const median = { ...count, type: 'value_median', condition: { field: 'Number', gte: 3 } };
const ordered = { ...count, type: 'temporal_ordered', rules: ['a', 'b'], condition: undefined };
const chain = { ...count, rules: ['c0'], condition: { gte: 1 } };
const all = [count, values, median, ordered, chain];

function fill(runner: Runner, events: number, from = 0): void {
  for (let i = from; i < from + events; i++) {
    const fields = { User: `user ${i % 50} 🐈`, Image: `${i % 7}`, Number: String(i % 13) };
    runner.feed(i % 3 === 0 ? 'b' : 'a', { time: i * 100_000, id: i, fields });
  }
}

const restored = (ruleSet: RuleSet, bytes: Uint8Array) => {
  const engine = new CorrelationEngine(ruleSet.correlations);
  return { engine, outcome: engine.restore(bytes) };
};

t.test('what was taken up is what was written', async (t) => {
  const ruleSet = compiled(...all);
  const runner = new Runner(ruleSet);
  fill(runner, 3_000);
  const bytes = runner.engine.snapshot()!;
  const { engine, outcome } = restored(ruleSet, bytes);
  t.strictSame(outcome, { taken: true, lookbackUs: 0 });
  const groups = (of: CorrelationEngine) => of.stats.correlations.map((c) => c.groups);
  t.strictSame(groups(engine), groups(runner.engine));
  t.strictSame(restored(ruleSet, engine.snapshot()!).outcome, outcome);
  t.equal(engine.snapshot()!.length, bytes.length);
  runner.restart();
  runner.restart();
  fill(runner, 1_000, 3_000);
  const straight = new Runner(ruleSet);
  fill(straight, 4_000);
  t.strictSame(groups(runner.engine), groups(straight.engine));
});

t.test(
  'correlations that did not change keep their state, the others say what history they need',
  async (t) => {
    const before = new Runner(compiled(count, values));
    fill(before, 300);
    const bytes = before.engine.snapshot()!;
    const spanUs = 60e6;
    const outcomeOf = (...correlations: readonly object[]) =>
      restored(compiled(...correlations), bytes).outcome;
    t.strictSame(outcomeOf(count), { taken: true, lookbackUs: 0 }, 'one fewer');
    const longer = { ...values, timespan: '2m' };
    t.strictSame(outcomeOf(count, longer), { taken: true, lookbackUs: 13 * 2 * spanUs }, 'another timespan');
    t.strictSame(outcomeOf(count, values, median), { taken: true, lookbackUs: 13 * spanUs }, 'one more');
    const { engine, outcome } = restored(compiled(count, values, { ...chain, timespan: '2m' }), bytes);
    t.strictSame(outcome, { taken: true, lookbackUs: 13 * 3 * spanUs }, 'a chain needs that of both');
    t.strictSame(
      engine.stats.correlations.map((c) => c.groups > 0),
      [false, true, false],
      'and the inner one sees history again',
    );
  },
);

t.test('history is fed to the fresh ones only', async (t) => {
  const runner = new Runner(compiled(count));
  fill(runner, 300);
  const ruleSet = compiled(count, values);
  const { engine } = restored(ruleSet, runner.engine.snapshot()!);
  const event = { time: 31e6, source: 'e', index: 1, field: () => 'x' };
  engine.feed(ruleSet.rules[0]!, event, 'fresh');
  t.strictSame(
    engine.stats.correlations.map((c) => c.fed),
    [0, 1],
  );
});

t.test('a changed inner correlation makes the outer one begin anew', async (t) => {
  const runner = new Runner(compiled(count, chain));
  fill(runner, 300);
  const changed = compiled({ ...count, condition: { gte: 4 } }, chain);
  const { engine } = restored(changed, runner.engine.snapshot()!);
  t.strictSame(
    engine.stats.correlations.map((c) => c.groups),
    [0, 0],
  );
});

t.test('what is damaged, foreign or garbage is refused and leaves nothing', async (t) => {
  const ruleSet = compiled(...all);
  const runner = new Runner(ruleSet);
  fill(runner, 500);
  const sound = runner.engine.snapshot()!;
  const refuses = (bytes: Uint8Array) => {
    const { engine, outcome } = restored(ruleSet, bytes);
    if (outcome.taken) throw new Error('taken');
    if (outcome.reason === '' || engine.stats.correlations.some((c) => c.groups > 0))
      throw new Error('left some');
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refuses), { numRuns: 300 });
  const place = fc.integer({ min: 0, max: sound.length - 1 });
  fc.assert(
    fc.property(place, fc.integer({ min: 1, max: 255 }), (at, change) =>
      refuses(sound.map((byte, i) => (i === at ? byte ^ change : byte))),
    ),
  );
  fc.assert(fc.property(place, (length) => refuses(sound.slice(0, length))));
  const newer = Uint8Array.from(sound);
  newer[3]!++;
  t.match(restored(ruleSet, newer).outcome, { taken: false, reason: /version/ });
});

t.test('a snapshot written by other text under the same checksum does not throw', async () => {
  // The checksum is made right, so that the reading itself meets the garbage.
  const ruleSet = compiled(...all);
  const runner = new Runner(ruleSet);
  fill(runner, 200);
  const sound = runner.engine.snapshot()!;
  const { crc32 } = await import('node:zlib');
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: sound.length - 5 }),
      fc.integer({ min: 1, max: 255 }),
      (at, change) => {
        const bytes = sound.map((byte, i) => (i === at ? byte ^ change : byte));
        const end = bytes.length - 4;
        new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(4, end)), true);
        const { engine } = restored(ruleSet, bytes);
        for (const rule of ruleSet.rules)
          engine.feed(rule, {
            time: 20e6,
            source: 'x',
            index: 1,
            field: (name) => (name === 'Number' ? '1' : name),
          });
      },
    ),
    { numRuns: 500 },
  );
});

t.test('groups beyond smaller bounds are left behind, the youngest kept', async (t) => {
  const ruleSet = compiled(count);
  const runner = new Runner(ruleSet);
  for (let i = 0; i < 100; i++) runner.one('a', { time: 1e6, fields: { User: `u${i}` } });
  const engine = new CorrelationEngine(ruleSet.correlations, { keys: 10 });
  engine.restore(runner.engine.snapshot()!);
  t.match(engine.stats.correlations[0], { groups: 10, evicted: 90 });
});
