/** The indexed engine against the naive one, on random rules and events. */
import fc from 'fast-check';
import t from 'tap';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import { Matcher } from '../../../shared/sigma/index.ts';
import { AffixTree } from '../../../shared/sigma/match/affix-tree.ts';
import { AhoCorasick } from '../../../shared/sigma/match/aho-corasick.ts';
import { LiteralIndex } from '../../../shared/sigma/match/literal-index.ts';
import { type NaiveCondition, type NaiveEvent, type NaiveItem, type NaiveRule, naiveMatch } from './naive.ts';
import { compileText, type Fields, rowOf, specs } from './rules.ts';

const fields = [
  'process.command_line',
  'process.executable',
  'user.name',
  'process.pid',
  'event.baseline',
  'event.truncated',
];
const text = fc.string({ unit: fc.constantFrom(...'aaabbAB1 -/.\\'), maxLength: 6 });
const ruleUnit = fc.constantFrom(...'aaabbAB1 -/.', '*', '?', '\\', '\\*', '\\?', '\\\\', 'Σ', 'é');
const pattern = fc.string({ unit: ruleUnit, maxLength: 5 });
const plain = fc.oneof({ weight: 6, arbitrary: pattern }, fc.constantFrom(null, 1, 11, true, false, ''));

const textModifiers = fc
  .tuple(
    fc.constantFrom([], [], ['contains'], ['contains'], ['startswith'], ['endswith']),
    fc.subarray(['all', 'cased', 'neq', 'windash'], { maxLength: 2 }),
  )
  .map(([affix, more]) => [...affix, ...more])
  .filter((all) => !(all.includes('all') && all.includes('neq')));
const valueList = fc.array(plain, { minLength: 1, maxLength: 3 });
const field = fc.constantFrom(...fields);

const item: fc.Arbitrary<NaiveItem> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ field, modifiers: textModifiers, values: valueList }) },
  {
    weight: 1,
    arbitrary: fc.record({
      field: fc.constantFrom('process.pid', 'process.command_line'),
      modifiers: fc.constantFrom(['lt'], ['lte'], ['gt'], ['gte']),
      values: fc.tuple(fc.integer({ min: 0, max: 12 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ field, modifiers: fc.constant(['exists']), values: fc.tuple(fc.boolean()) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      field,
      modifiers: fc.constantFrom(['re'], ['re', 'i']),
      values: fc.array(fc.constantFrom('a+b', '^[ab]+$', 'b|1', 'aab?', '\\ba', '(a|b){2,3}1?$', 'AB'), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
  },
);
/** `windash` and `neq` say something only of texts; null among them is not a text. */
const sound = (one: NaiveItem): NaiveItem =>
  one.modifiers.some((m) => ['windash', 'contains', 'startswith', 'endswith'].includes(m))
    ? { ...one, values: one.values.map((v) => (v === null ? 'a' : v)) }
    : one;

const searches = fc.dictionary(
  fc.constantFrom('sel_a', 'sel_b', 'filter_a', 'filter_b', 'other'),
  fc.array(fc.array(item.map(sound), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
  { minKeys: 1, maxKeys: 4 },
);

function conditionOver(names: readonly string[]): fc.Arbitrary<NaiveCondition> {
  const prefixes = ['sel_', 'filter_'].filter((p) => names.some((n) => n.startsWith(p)));
  const leaves: fc.Arbitrary<NaiveCondition>[] = [
    fc.constantFrom(...names).map((name) => ({ op: 'name' as const, name })),
  ];
  for (const prefix of prefixes) {
    const most = names.filter((n) => n.startsWith(prefix)).length;
    const least = fc.oneof(fc.constant('all' as const), fc.integer({ min: 1, max: most }));
    leaves.push(least.map((l) => ({ op: 'of' as const, least: l, prefix })));
  }
  return fc.letrec<{ c: NaiveCondition }>((tie) => ({
    c: fc.oneof(
      { maxDepth: 3 },
      { weight: 3, arbitrary: fc.oneof(...leaves) },
      { weight: 1, arbitrary: tie('c').map((of) => ({ op: 'not' as const, of })) },
      {
        weight: 2,
        arbitrary: fc.record({
          op: fc.constantFrom('and' as const, 'or' as const),
          of: fc.array(tie('c'), { minLength: 2, maxLength: 3 }),
        }),
      },
    ),
  })).c;
}

const rule: fc.Arbitrary<NaiveRule> = searches.chain((s) =>
  conditionOver(Object.keys(s)).map((condition) => ({ searches: s, condition })),
);

const event: fc.Arbitrary<NaiveEvent> = fc.record(
  {
    'process.command_line': text,
    'process.executable': text,
    'user.name': fc.constantFrom('a', 'B', 'ab', 'σ', 'Σ', 'É', 'ς'),
    'process.pid': fc.integer({ min: 0, max: 12 }),
    'event.baseline': fc.boolean(),
    'event.truncated': fc.array(text, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

function written(c: NaiveCondition): string {
  if (c.op === 'name') return c.name;
  if (c.op === 'not') return `not (${written(c.of)})`;
  if (c.op === 'of') return `${c.least} of ${c.prefix}*`;
  return c.of.map((part) => `(${written(part)})`).join(` ${c.op} `);
}

/** Items of one map with the same key cannot stand in one YAML map; the later ones are left out on both sides. */
function distinct(one: NaiveRule): NaiveRule {
  const key = (i: NaiveItem) => [i.field, ...i.modifiers].join('|');
  const clean = Object.entries(one.searches).map(([name, maps]) => [
    name,
    maps.map((items) => items.filter((i, at) => items.findIndex((j) => key(j) === key(i)) === at)),
  ]);
  return { ...one, searches: Object.fromEntries(clean) };
}

function textOf(one: NaiveRule, index: number): string {
  const detection: Record<string, unknown> = { condition: written(one.condition) };
  for (const [name, maps] of Object.entries(one.searches)) {
    detection[name] = maps.map((items) =>
      Object.fromEntries(items.map((i) => [[i.field, ...i.modifiers].join('|'), i.values])),
    );
  }
  return JSON.stringify({
    title: `R${index}`,
    id: `id-${index}`,
    logsource: { category: 'process_creation' },
    detection,
  });
}

t.test('agrees with the naive evaluator', async (t) => {
  let pairs = 0;
  let matched = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 12 }),
      fc.array(event, { minLength: 1, maxLength: 12 }),
      (raw, events) => {
        const rules = raw.map(distinct);
        const { ruleSet, all } = compileText(rules.map(textOf).join('\n---\n'));
        const refused = all.find((p) => p.severity === 'error');
        if (refused !== undefined) throw new Error(`${refused.code}: ${refused.message}`);
        const matcher = new Matcher(ruleSet.rules, specs, (_, error) => {
          throw error;
        });
        const found = new Set<string>();
        const columns = columnarOf(
          eventSpecs['process.start'],
          events.map((e) => rowOf(e as Fields)),
        );
        matcher.match(columns, 'linux', (r, row) => found.add(`${r.rule.id} ${row}`));
        rules.forEach((one, i) => {
          events.forEach((e, row) => {
            pairs++;
            const expected = naiveMatch(one, e);
            if (expected) matched++;
            if (expected !== found.has(`id-${i} ${row}`))
              throw new Error(`naive says ${expected}: ${textOf(one, i)} on ${JSON.stringify(e)}`);
          });
        });
      },
    ),
    { numRuns: 500 },
  );
  t.ok(pairs > 10_000, `${pairs} pairs of rule and event`);
  t.ok(matched > pairs / 20 && matched < (pairs * 19) / 20, `${matched} of them match`);
});

t.test('the automata over texts find each of them wherever it stands', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { minLength: 1, maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'c', '\uFFFF'), maxLength: 20 }),
      (texts, value) => {
        const found: string[] = [];
        new LiteralIndex(texts).scan(value, (index) => found.push(texts[index]!));
        // Room for two rows of a few states: nearly every step is taken without one.
        const cramped = new AhoCorasick(texts, 12);
        for (let again = 0; again < 40; again++) {
          const few: string[] = [];
          cramped.scan(value, (index) => few.push(texts[index]!));
          if (few.sort().join() !== [...found].sort().join()) throw new Error(`${few} is not ${found}`);
        }
        const expected = texts.filter((text) => value.includes(text));
        if (found.sort().join() !== expected.sort().join()) throw new Error(`${found} is not ${expected}`);
      },
    ),
    { numRuns: 1_000 },
  );
});

t.test('the trees of beginnings and ends find each of them', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'c'), maxLength: 12 }),
      fc.boolean(),
      (texts, value, fromEnd) => {
        const tree = new AffixTree(fromEnd);
        for (const [i, text] of texts.entries()) tree.add(text, i);
        const found: number[] = [];
        tree.find(value, (i) => found.push(i));
        const holds = (text: string) => (fromEnd ? value.endsWith(text) : value.startsWith(text));
        const expected = texts.flatMap((text, i) => (holds(text) ? [i] : []));
        if (found.sort((a, b) => a - b).join() !== expected.join())
          throw new Error(`${found} is not ${expected}`);
      },
    ),
    { numRuns: 1_000 },
  );
});
