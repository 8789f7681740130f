import fc from 'fast-check';
import t from 'tap';
import { Correlator, type Firing } from '../../../shared/sigma/correlate/correlator.ts';
import { EventCountWindow } from '../../../shared/sigma/correlate/event-count.ts';
import { ValueCountWindow } from '../../../shared/sigma/correlate/value-count.ts';
import type { CorrelationRule } from '../../../shared/sigma/index.ts';
import { compileText } from './rules.ts';

const base = {
  title: 'Base',
  id: 'base-id',
  name: 'base',
  logsource: { category: 'process_creation' },
  detection: { s: { Image: '/x' }, condition: 's' },
};

function text(correlation: object, more: object = {}): string {
  const document = { title: 'Many', id: 'many', correlation, ...more };
  return `${JSON.stringify(base)}\n---\n${JSON.stringify(document)}`;
}

const count = {
  type: 'event_count',
  rules: ['base'],
  'group-by': ['User'],
  timespan: '1m',
  condition: { gte: 3 },
};

function correlationOf(correlation: object): CorrelationRule {
  const { ruleSet, all } = compileText(text({ ...count, ...correlation }));
  t.strictSame(all, []);
  return ruleSet.correlations[0]!.rule;
}

function feed(correlator: Correlator, seconds: readonly number[], key = 'k'): readonly (Firing | null)[] {
  return seconds.map((s, i) => correlator.feed(key, { time: s * 1e6, eventId: `e${i}`, value: null }));
}

t.test('reading', async (t) => {
  t.match(correlationOf({}), { timespanUs: 60e6, groupBy: ['User'], range: { least: 3 }, generate: false });
  t.match(correlationOf({ condition: { gt: 3, lte: 9 } }), { range: { least: 4, most: 9 } });
  t.match(correlationOf({ condition: { eq: 3 } }), { range: { least: 3, most: 3 } });
  t.equal(correlationOf({ timespan: '2d' }).timespanUs, 172_800e6);
  t.match(correlationOf({ rules: ['base-id'] }), { refers: [{ to: 'base-id' }] }, 'by id');
  const refused = (correlation: object) => compileText(text({ ...count, ...correlation })).all[0];
  t.match(refused({ rules: ['nobody'] }), { code: 'rule.invalid', message: /nobody/ });
  t.match(refused({ type: 'temporal' }), { code: 'rule.unsupported' });
  t.match(refused({ timespan: 'soon' }), { code: 'rule.invalid' });
  t.match(refused({ condition: { gte: 'x' } }), { code: 'rule.invalid' });
  t.match(refused({ condition: { above: 1 } }), { code: 'rule.invalid' });
  t.match(refused({ condition: { gt: 5, lt: 5 } }), { code: 'rule.invalid' });
  t.match(refused({ type: 'value_count' }), { code: 'rule.invalid', message: /field/ });
  t.match(refused({ rules: ['many'] }), { code: 'rule.unsupported' });
  t.match(refused({ 'group-by': ['Unheard'] }), { code: 'rule.field_unknown', severity: 'warning' });
});

t.test('rules referred to stay silent unless asked', async (t) => {
  t.equal(compileText(text(count)).ruleSet.silent.size, 1);
  t.equal(compileText(text({ ...count, generate: true })).ruleSet.silent.size, 0);
  const refused = compileText(text({ ...count, rules: ['base', 'nobody'] })).ruleSet;
  t.equal(refused.silent.size, 0, 'a refused correlation silences nobody');
});

t.test('windows slide on event time', async (t) => {
  const fired = (seconds: readonly number[]) =>
    feed(new Correlator(correlationOf({})), seconds).map((f) => f !== null);
  t.strictSame(fired([0, 30, 60]), [false, false, true], 'both ends count');
  t.strictSame(fired([0, 30, 61]), [false, false, false]);
  t.strictSame(fired([50, 70, 100]), [false, false, true], 'not on clock boundaries');
  t.strictSame(fired([0, 50, 100, 105]), [false, false, false, true]);
  t.strictSame(fired([0, 60, 30]), [false, false, true], 'a late event is put in its place');
  t.strictSame(fired([0, 300, 10, 20]), [false, false, false, false], 'too late is left out');
});

t.test('groups do not mix', async (t) => {
  const correlator = new Correlator(correlationOf({}));
  t.strictSame(feed(correlator, [0, 1], 'a'), [null, null]);
  t.strictSame(feed(correlator, [0, 1], 'b'), [null, null]);
  t.ok(feed(correlator, [2], 'a')[0]);
});

t.test('one episode goes on while hits follow one another', async (t) => {
  const correlator = new Correlator(correlationOf({}));
  const firings = feed(correlator, [601, 602, 603, 604, 650, 800, 801, 802]).filter((f) => f !== null);
  t.strictSame(
    firings.map((f) => [f.isNew, f.episodeAt / 1e6, f.eventIds.length]),
    [
      [true, 601, 3],
      [false, 601, 1],
      [false, 601, 1],
      [true, 800, 3],
    ],
  );
});

t.test('history of the length asked for rebuilds the same episodes', async () => {
  const rule = correlationOf({});
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 30, maxLength: 150 }), (gaps) => {
      let at = 0;
      const times = gaps.map((gap) => (at += gap));
      const whole = new Correlator(rule);
      const all = feed(whole, times);
      const now = times[Math.floor(times.length * 0.7)]!;
      const rebuilt = new Correlator(rule);
      for (const [i, time] of times.entries()) {
        if (time < now - whole.lookbackUs / 1e6) continue;
        const again = rebuilt.feed('k', { time: time * 1e6, eventId: `e${i}`, value: null });
        if (time >= now && again?.episodeAt !== all[i]?.episodeAt)
          throw new Error(`${again?.episodeAt} is not ${all[i]?.episodeAt} at ${time}`);
      }
    }),
    { numRuns: 300 },
  );
});

t.test('counting agrees with counting anew', async () => {
  const range = fc.constantFrom(
    { least: 3, most: Number.POSITIVE_INFINITY, not: null },
    { least: 1, most: 2, not: null },
    { least: 2, most: 4, not: 3 },
  );
  fc.assert(
    fc.property(
      range,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom('a', 'b', 'c', 'd', 'e')), {
        maxLength: 60,
      }),
      (r, steps) => {
        const [events, values] = [new EventCountWindow(10, r), new ValueCountWindow(10, r)];
        const seen: { time: number; value: string }[] = [];
        let time = 0;
        for (const [gap, value] of steps) {
          time += gap;
          seen.push({ time, value });
          const inside = seen.filter((s) => s.time >= time - 10);
          const meets = (n: number) => n >= r.least && n <= r.most && n !== r.not;
          const one = { time, value, eventId: '' };
          if ((events.add(one) !== null) !== meets(inside.length)) throw new Error(`${inside.length} events`);
          const distinct = new Set(inside.map((s) => s.value)).size;
          if ((values.add(one) !== null) !== meets(distinct)) throw new Error(`${distinct} values`);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

t.test('cost per event does not grow with the window, and groups are bounded', async (t) => {
  const rule = correlationOf({
    type: 'value_count',
    timespan: '1d',
    condition: { field: 'User', gte: 100_000 },
  });
  const correlator = new Correlator(rule);
  const start = performance.now();
  for (let i = 0; i < 90_000; i++) correlator.feed('k', { time: i, eventId: '', value: String(i) });
  t.ok(performance.now() - start < 3_000, `${Math.round(performance.now() - start)} ms`);
  const many = new Correlator(correlationOf({ timespan: '1d' }));
  for (let i = 0; i < 60_000; i++) many.feed(`g${i}`, { time: i, eventId: '', value: null });
  t.equal(many.groupCount, 50_000);
  t.equal(many.evicted, 10_000, 'what left for room is counted');
  const idle = new Correlator(correlationOf({}));
  for (let i = 0; i < 1_000; i++) idle.feed(`g${i}`, { time: i * 60e6, eventId: '', value: null });
  t.ok(idle.groupCount < 10, 'idle groups leave');
  t.equal(idle.evicted, 0);
});
