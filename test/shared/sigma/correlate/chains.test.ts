/** Correlations over correlations, against counting anew one after the other. */
import fc from 'fast-check';
import t from 'tap';
import { compiled, Runner } from './correlations.ts';
import { NaiveCorrelation } from './naive-correlation.ts';

const failures = {
  ...{ type: 'event_count', rules: ['a'], 'group-by': ['who', 'Image'], timespan: '10s' },
  ...{ condition: { gte: 3 }, aliases: { who: { a: 'User' } } },
};

t.test(
  "an inner firing is an event of the outer one, with its aliases and the last event's fields",
  async (t) => {
    const outer = {
      ...{ type: 'temporal_ordered', rules: ['c0', 'b'], 'group-by': ['account'], timespan: '1m' },
      aliases: { account: { c0: 'who', b: 'ParentImage' } },
    };
    const runner = new Runner(compiled(failures, outer));
    const fail = (time: number, id: number) =>
      runner.feed('a', { time: time * 1e6, id, fields: { User: 'ada', Image: 'ssh' } });
    t.strictSame([fail(1, 1), fail(2, 2)], [[], []]);
    t.match(fail(3, 3), [{ correlation: { rule: { name: 'c0' } }, value: 3 }], 'the outer one waits');
    t.match(fail(4, 4), [{ isNew: false }], 'the episode goes on');
    const [done, ...more] = runner.feed('b', { time: 20e6, id: 5, fields: { ParentImage: 'ada' } });
    t.strictSame(more, []);
    t.match(done, {
      ...{ correlation: { rule: { name: 'c1' } }, groupValues: ['ada'], firstAt: 3e6, lastAt: 20e6 },
      eventIds: ['e3', 'e5'],
    });
    t.strictSame(runner.feed('b', { time: 21e6, fields: { ParentImage: 'eve' } }), [], 'another account');
  },
);

t.test('only what begins an episode goes outward', async (t) => {
  const bursts = { type: 'event_count', rules: ['c0'], timespan: '1h', condition: { gte: 2 } };
  const runner = new Runner(compiled(failures, bursts));
  const feed = (second: number) =>
    runner.feed('a', { time: second * 1e6, fields: { User: 'u', Image: 'i' } });
  const names = (second: number) => feed(second).map((f) => f.correlation.rule.name);
  t.strictSame([1, 2, 3, 4, 5].flatMap(names), ['c0', 'c0', 'c0']);
  t.strictSame([51, 52, 53].flatMap(names), ['c0', 'c1']);
});

const step = fc.record({
  gap: fc.integer({ min: 0, max: 6 }),
  late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
  user: fc.constantFrom('ada', 'eve'),
  image: fc.constantFrom('x', 'y'),
  rule: fc.constantFrom('a', 'a', 'b'),
  restart: fc.integer({ min: 0, max: 12 }),
});

t.test('chains of three agree with counting anew, over restarts', async () => {
  const pair = { type: 'temporal_ordered', rules: ['c0', 'b'], 'group-by': ['User'], timespan: '20s' };
  const top = { type: 'event_count', rules: ['c1', 'c0'], timespan: '40s', condition: { gte: 3 } };
  const ruleSet = compiled(failures, pair, top);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const runner = new Runner(ruleSet);
      const [inner, middle, outer] = ruleSet.correlations.map((c) => new NaiveCorrelation(c));
      let clock = 1000;
      for (const [id, s] of steps.entries()) {
        clock += s.gap;
        if (s.restart === 0) runner.restart();
        const time = (clock - s.late) * 1e6;
        const fields = { User: s.user, Image: s.image };
        const event = { id: `e${id}`, fields };
        const wanted: string[] = [];
        const note = (name: string, firing: ReturnType<NaiveCorrelation['feed']>) => {
          if (firing !== null) wanted.push(`${name} ${firing.lastAt} ${firing.episodeAt} ${firing.isNew}`);
          return firing?.isNew === true ? firing : null;
        };
        const toTop = (reference: number, at: number) =>
          note('c2', outer!.feed({ ...event, time: at, reference }));
        const toPair = (reference: number, at: number) => {
          const firing = note('c1', middle!.feed({ ...event, time: at, reference }));
          if (firing !== null) toTop(0, firing.lastAt);
        };
        if (s.rule === 'b') toPair(1, time);
        else {
          const firing = note('c0', inner!.feed({ ...event, time, reference: 0 }));
          if (firing !== null) {
            toPair(0, firing.lastAt);
            toTop(1, firing.lastAt);
          }
        }
        const got = runner
          .feed(s.rule, { time, id, fields })
          .map((f) => `${f.correlation.rule.name} ${f.lastAt} ${f.episodeAt} ${f.isNew}`);
        if (got.join() !== wanted.join()) throw new Error(`event ${id}: ${got} is not ${wanted}`);
      }
    }),
    { numRuns: 300 },
  );
});

t.test('a correlation that throws is set aside and told once, the others go on', async (t) => {
  const told: string[] = [];
  const other = { ...failures, 'group-by': ['Image'], condition: { gte: 1 } };
  const { ruleSet, engine } = new Runner(compiled(failures, other), {
    onFault: ({ rule }) => told.push(rule.name ?? ''),
  });
  const field = (name: string) => {
    if (name === 'User') throw new Error('no');
    return 'x';
  };
  const rule = ruleSet.rules.find((r) => r.rule.name === 'a')!;
  const firings = [1, 2].flatMap((time) => engine.feed(rule, { time, source: 's', index: -1, field }));
  t.strictSame(told, ['c0']);
  t.match(firings, [{ correlation: { rule: { name: 'c1' } }, eventIds: ['s'] }, { isNew: false }]);
});
