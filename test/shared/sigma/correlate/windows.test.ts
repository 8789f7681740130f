/** Every type against counting anew: ranges, late events, several groups, restarts at any point. */
import fc from 'fast-check';
import t from 'tap';
import { compiled, only, Runner } from './correlations.ts';
import { NaiveCorrelation } from './naive-correlation.ts';

const base = { rules: ['a', 'b', 'c'], 'group-by': ['User'], timespan: '10s' };
const figure = [{ gte: 3 }, { lt: -0.25 }, { gt: 0.25, lte: 2.5 }, { eq: 1 }, { neq: 0.5, gte: 0 }];

const cases: Readonly<Record<string, readonly object[]>> = {
  event_count: [{ gte: 3 }, { lte: 2 }, { gt: 1, lt: 5, neq: 3 }, { eq: 4 }],
  value_count: [
    { field: 'Image', gte: 3 },
    { field: 'Image', lt: 3 },
    { field: ['Image', 'Number'], gte: 4, neq: 5 },
  ],
  temporal: [{}, { gte: 2 }, { eq: 1 }, { gte: 1, neq: 2 }],
  temporal_ordered: [{}],
  value_sum: figure.map((range) => ({ field: 'Number', ...range })),
  value_avg: figure.map((range) => ({ field: 'Number', ...range })),
  value_median: figure.map((range) => ({ field: 'Number', ...range })),
  value_percentile: [0, 10, 33.4, 90, 100].flatMap((percentile) =>
    figure.map((range) => ({ field: 'Number', percentile, ...range })),
  ),
};
const expressions = ['a and b or not c', 'not (a and b)', 'c', 'b and (a or c)', 'id-a and not b'];
const sequences = ['a and b', 'c and a', 'b', 'b and a and c'];

const step = fc.record({
  gap: fc.integer({ min: 0, max: 5 }),
  late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 20 })),
  user: fc.constantFrom('ada', 'ada', 'eve'),
  rule: fc.constantFrom('a', 'b', 'c'),
  image: fc.constantFrom('v', 'w', 'x', 'y', 'Straße 🐈'),
  number: fc.integer({ min: -12, max: 12 }),
  isWhole: fc.boolean(),
  restart: fc.integer({ min: 0, max: 15 }),
});

function check(type: string, condition: unknown, timespan: string, unit: number): void {
  const hasCondition = typeof condition === 'string' || Object.keys(condition as object).length > 0;
  const ruleSet = compiled({ ...base, type, timespan, ...(hasCondition ? { condition } : {}) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const runner = new Runner(ruleSet);
      const naive = new NaiveCorrelation(only(ruleSet));
      let clock = 1000;
      for (const [id, s] of steps.entries()) {
        clock += s.gap;
        if (s.restart === 0) runner.restart();
        const time = (clock - s.late) * unit;
        const fields: Record<string, string> = { User: s.user, Image: s.image };
        if (s.number > -12) fields['Number'] = String(s.number / (s.isWhole ? 1 : 4));
        const got = runner.one(s.rule, { time, id, fields });
        const reference = ['a', 'b', 'c'].indexOf(s.rule);
        const wanted = naive.feed({ time, id: `e${id}`, reference, fields });
        const told = got && {
          value: got.value,
          lastAt: got.lastAt,
          episodeAt: got.episodeAt,
          isNew: got.isNew,
        };
        if (JSON.stringify(told) !== JSON.stringify(wanted))
          throw new Error(`event ${id}: ${JSON.stringify(told)} is not ${JSON.stringify(wanted)}`);
      }
    }),
    { numRuns: 100 },
  );
}

for (const [type, conditions] of Object.entries(cases)) {
  t.test(type, async (t) => {
    for (const condition of conditions) {
      check(type, condition, '10s', 1e6);
      // The lateness is half of the timespan here.
      check(type, condition, '2m', 12e6);
      t.pass(JSON.stringify(condition));
    }
  });
}

t.test('expressions over rules', async (t) => {
  for (const expression of expressions) check('temporal', expression, '10s', 1e6);
  for (const sequence of sequences) check('temporal_ordered', sequence, '10s', 1e6);
  t.pass();
});

t.test('of a window with more events than decide, what left for room never makes a hit', async (t) => {
  const crowded = fc.array(
    fc.record({ gap: fc.integer({ min: 0, max: 9 }), late: fc.integer({ min: -30, max: 19 }) }),
    {
      minLength: 300,
      maxLength: 400,
    },
  );
  for (const condition of [{ lte: 2 }, { eq: 4 }, { gte: 3, neq: 5 }, { gte: 5 }]) {
    const ruleSet = compiled({ ...base, type: 'event_count', condition });
    fc.assert(
      fc.property(crowded, (steps) => {
        const runner = new Runner(ruleSet);
        const naive = new NaiveCorrelation(only(ruleSet));
        let clock = 1000e6;
        for (const [id, s] of steps.entries()) {
          // Long crowds, then room for windows to run empty.
          clock += s.gap === 9 && id % 100 > 80 ? 4e6 : s.gap * 1_000;
          const time = clock - Math.max(0, s.late) * 1e6;
          const got = runner.one('a', { time, id, fields: { User: 'u' } });
          const wanted = naive.feed({ time, id: `e${id}`, reference: 0, fields: { User: 'u' } });
          if (got !== null && wanted === null) throw new Error(`event ${id} fired on ${got.value}`);
          if (got === null && wanted !== null && s.late <= 0) throw new Error(`event ${id} did not fire`);
        }
      }),
      { numRuns: 15 },
    );
    t.pass(JSON.stringify(condition));
  }
});
