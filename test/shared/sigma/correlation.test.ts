/** What correlation documents say, and how they find what they refer to. */
import fc from 'fast-check';
import t from 'tap';
import { correlationTypes } from '../../../shared/sigma/document.ts';
import {
  CorrelationEngine,
  type CorrelationRule,
  compileRules,
  parseRules,
  type RuleProblem,
  type SigmaDocument,
} from '../../../shared/sigma/index.ts';
import { correlationText } from './correlate/correlations.ts';
import { compileText, specs } from './rules.ts';

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

t.test('reading', async (t) => {
  t.match(correlationOf({}), { timespanUs: 60e6, groupBy: ['User'], range: { least: 3 }, generate: false });
  t.match(correlationOf({ condition: { gt: 3, lte: 9 } }), { range: { least: 4, most: 9 } });
  t.match(correlationOf({ condition: { eq: 3 } }), { range: { least: 3, most: 3 } });
  for (const [timespan, days] of Object.entries({ '2d': 2, '1w': 7, '1M': 30, '1y': 365 }))
    t.equal(correlationOf({ timespan }).timespanUs, days * 86_400e6);
  t.match(correlationOf({ rules: ['base-id'] }), { refers: [{ to: 'base-id' }] }, 'by id');
  t.strictSame(correlationOf({ 'group-by': undefined }).groupBy, [], 'one group');
  const several = { field: ['User', 'Image'], gte: 2 };
  t.strictSame(correlationOf({ type: 'value_count', condition: several }).fields, ['User', 'Image']);
  const sum = correlationOf({ type: 'value_sum', condition: { field: 'ProcessId', gt: -2.5, lt: 0 } }).range;
  t.ok(sum.least > -2.5 && sum.least < -2.499_999 && sum.most < 0 && sum.most > -1e-300, 'strict bounds');
  const share = { field: 'ProcessId', percentile: 99.9, gte: 1 };
  t.equal(correlationOf({ type: 'value_percentile', condition: share }).percentile, 99.9);
});

const refusals: readonly (readonly [
  correlation: object,
  problem: Partial<Record<keyof RuleProblem, unknown>>,
])[] = [
  [{ rules: ['nobody'] }, { code: 'rule.invalid', message: /nobody/, line: 3 }],
  [{ rules: ['base', 'base'] }, { code: 'rule.invalid', message: /twice/ }],
  [{ rules: ['base', 'base-id'] }, { code: 'rule.invalid', message: /twice/ }],
  [{ rules: [] }, { code: 'rule.invalid', message: /no rules/ }],
  [{ rules: ['many'] }, { code: 'rule.invalid', message: /refers back/ }],
  [{ type: 'near' }, { code: 'rule.unsupported', message: /near/ }],
  [{ timespan: 'soon' }, { code: 'rule.invalid' }],
  [{ timespan: '99y' }, { code: 'rule.too_large' }],
  [{ condition: { gte: 'x' } }, { code: 'rule.invalid' }],
  [{ condition: { gte: 2.5 } }, { code: 'rule.invalid', message: /whole number/ }],
  [{ condition: { above: 1 } }, { code: 'rule.invalid', message: /operator/ }],
  [{ condition: { gt: 5, lt: 5 } }, { code: 'rule.invalid', message: /never/ }],
  [{ condition: { eq: 5, neq: 5 } }, { code: 'rule.invalid', message: /never/ }],
  [{ condition: {} }, { code: 'rule.invalid', message: /asks nothing/ }],
  [{ condition: 'base' }, { code: 'rule.invalid' }],
  [{ type: 'value_count' }, { code: 'rule.invalid', message: /field/ }],
  [
    { type: 'value_sum', condition: { field: ['a', 'b'], gte: 1 } },
    { code: 'rule.invalid', message: /one field/ },
  ],
  [
    { type: 'value_avg', condition: { field: 'User', gte: 'many' } },
    { code: 'rule.invalid', message: /number/ },
  ],
  [
    { type: 'value_percentile', condition: { field: 'User', gte: 1, percentile: 101 } },
    { code: 'rule.invalid', message: /0 to 100/ },
  ],
  [
    { type: 'value_percentile', condition: { field: 'User', gte: 1 } },
    { code: 'rule.invalid', severity: 'warning', message: /50 is taken/ },
  ],
  [
    { type: 'temporal', condition: { gte: 2 } },
    { code: 'rule.invalid', message: /only 1/ },
  ],
  [
    { type: 'temporal', condition: 'base and other' },
    { code: 'rule.invalid', message: /other.*rule referred to/ },
  ],
  [{ type: 'temporal', condition: 'base and (' }, { code: 'rule.invalid' }],
  [
    { type: 'temporal_ordered', condition: 'not base' },
    { code: 'rule.unsupported', message: /order/ },
  ],
  [{ type: 'temporal_ordered', condition: 'base and base' }, { code: 'rule.unsupported' }],
  [
    { type: 'temporal_ordered', condition: { lte: 1 } },
    { code: 'rule.unsupported', message: /cannot count/ },
  ],
  [{ aliases: { who: { nobody: 'User' } } }, { code: 'rule.invalid', message: /nobody/ }],
  [{ aliases: { who: {} } }, { code: 'rule.invalid', message: /who/ }],
  [{ aliases: 'who' }, { code: 'rule.invalid' }],
  [{ 'group-by': ['Unheard'] }, { code: 'rule.field_unknown', severity: 'warning' }],
];

t.test('what is refused or warned of, and where', async (t) => {
  for (const [correlation, problem] of refusals) {
    const [found, ...more] = compileText(text({ ...count, ...correlation })).all;
    t.match(found, problem, JSON.stringify(correlation));
    t.ok(found !== undefined && found.line >= 3 && found.column >= 1 && found.file === 'test.yml');
    t.strictSame(more, []);
  }
});

t.test('rules referred to stay silent unless asked', async (t) => {
  t.equal(compileText(text(count)).ruleSet.silent.size, 1);
  t.equal(compileText(text({ ...count, generate: true })).ruleSet.silent.size, 0);
  const refused = compileText(text({ ...count, rules: ['base', 'nobody'] })).ruleSet;
  t.equal(refused.silent.size, 0, 'a refused correlation silences nobody');
});

t.test('names are found in the same file first, and must say which', async (t) => {
  const named = (id: string) => JSON.stringify({ ...base, id, title: id });
  const many = JSON.stringify({ title: 'Many', id: 'many', correlation: count });
  const [near, far] = ['near.yml', 'far.yml'].map((file) => parseRules(named(file), file).documents);
  const link = (...texts: readonly (readonly SigmaDocument[])[]) => compileRules(texts.flat(), { specs });
  const correlation = parseRules(many, 'near.yml').documents;
  t.equal(link(far!, near!, correlation).ruleSet.correlations[0]?.over[0]?.rule.id, 'near.yml');
  const elsewhere = parseRules(many, 'other.yml').documents;
  t.match(link(far!, near!, elsewhere).problems, [{ code: 'rule.invalid', message: /Several/ }]);
  t.equal(link(far!, elsewhere).ruleSet.correlations.length, 1);
});

t.test('chains: cycles and what refers to them are refused, depth is bounded', async (t) => {
  const over = (...rules: readonly string[]) => ({ ...count, rules });
  const cycle = compileText(correlationText(over('c1'), over('c2'), over('c0'), over('a'), over('c3', 'c0')));
  t.strictSame(
    cycle.ruleSet.correlations.map((c) => c.rule.name),
    ['c3'],
  );
  t.match(cycle.all[0], { code: 'rule.invalid', message: /refers back/ });
  t.equal(cycle.refused.length, 4);
  const deep = Array.from({ length: 20 }, (_, i) => over(i === 0 ? 'a' : `c${i - 1}`));
  for (const [order, documents] of [deep, renamed(deep)].entries()) {
    const { ruleSet, all } = compileText(correlationText(...documents));
    t.equal(ruleSet.correlations.length, 16, `order ${order}`);
    t.match(
      all.find((p) => p.severity === 'error'),
      { code: 'rule.too_large', message: /deeper/ },
    );
  }
});

t.test('many ways from one correlation to another cost no more than one', async (t) => {
  const wide = 40;
  const layers = Array.from({ length: 15 * wide }, (_, i) => {
    const below = Math.floor(i / wide) - 1;
    const rules = below < 0 ? ['a'] : Array.from({ length: wide }, (_, k) => `c${below * wide + k}`);
    return { ...count, rules, 'group-by': ['Unheard'] };
  });
  const { ruleSet, all } = compileText(correlationText(...layers));
  t.equal(ruleSet.correlations.length, layers.length);
  t.equal(all.length, layers.length, 'each is warned of once');
  const engine = new CorrelationEngine(ruleSet.correlations);
  const rule = ruleSet.rules[0]!;
  const firings = [1, 2, 3].map((time) =>
    engine.feed(rule, { time, source: 'e', index: time, field: () => null }),
  );
  t.strictSame(
    firings.map((f) => f.length > 0),
    [false, false, true],
  );
});

/** The same chain, outermost first. */
function renamed(chain: readonly object[]): readonly object[] {
  const last = chain.length - 1;
  return chain.map((c, i) => ({ ...c, rules: [i === last ? 'a' : `c${i + 1}`] }));
}

t.test('inner correlations are silent unless one that refers to them generates', async (t) => {
  const inner = { ...count, rules: ['a'] };
  const silent = (outer: object) =>
    [...compileText(correlationText(inner, { ...count, rules: ['c0', 'b'], ...outer })).ruleSet.silent]
      .map(({ rule }) => rule.name)
      .sort();
  t.strictSame(silent({}), ['a', 'b', 'c0']);
  t.strictSame(silent({ generate: true }), ['a']);
});

t.test('no correlation section makes reading throw', async () => {
  const odd = fc.oneof(
    fc.constantFrom('a', 'c0', 'User', '', null, -1, 1.5, true),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const section = fc.record(
    {
      type: fc.oneof(fc.constantFrom(...correlationTypes), odd),
      rules: fc.oneof(fc.array(fc.constantFrom('a', 'b', 'c0', 'c1', 'id-a'), { maxLength: 3 }), odd),
      'group-by': odd,
      timespan: fc.oneof(fc.constantFrom('1m', '5s', '1y'), odd),
      condition: fc.oneof(
        fc.record({ gte: odd, field: odd, percentile: odd }, { requiredKeys: [] }),
        fc.constantFrom('a and b', 'a or (b', 'not a', 'c0 and a'),
        odd,
      ),
      aliases: fc.oneof(fc.record({ who: fc.record({ a: odd }) }), odd),
      generate: odd,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(section, section, (first, second) => {
      const { ruleSet } = compileText(correlationText({ correlation: first }, { correlation: second }));
      const engine = new CorrelationEngine(ruleSet.correlations, {
        onFault: (_, error) => {
          throw error;
        },
      });
      for (let i = 0; i < 5; i++)
        for (const rule of ruleSet.rules)
          engine.feed(rule, { time: i * 1e6, source: 'e', index: i, field: (name) => name && String(i) });
    }),
    { numRuns: 1_000 },
  );
});
