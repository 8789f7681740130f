/** Expressions that ask too much of a value: bounded, told of, and still at work. */
import t from 'tap';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import { failureOf, Matcher } from '../../../shared/sigma/index.ts';
import { simulatedSteps } from '../../../shared/sigma/regex/simulation.ts';
import { ValueOverrun } from '../../../shared/sigma/value-tests/test.ts';
import { compileText, rowOf, ruleText, specs } from './rules.ts';

/** In some four hundred places at once after a random text of these letters, and more states than are kept. */
const greedy = 'word [ab]*a[ab]{800}d';

function letters(count: number): string {
  let seed = 7;
  return Array.from({ length: count }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return seed & 0x1_0000 ? 'a' : 'b';
  }).join('');
}

const long = `word ${letters(30_000)} d`;
const hit = `word ${letters(50)}a${letters(800)}d`;

function ran(detection: unknown) {
  const { ruleSet } = compileText(ruleText(detection));
  const faults: unknown[] = [];
  const matcher = new Matcher(ruleSet.rules, specs, (_, error) => faults.push(error));
  const run = (...lines: readonly string[]) => {
    const rows: number[] = [];
    const events = columnarOf(
      eventSpecs['process.start'],
      lines.map((line) => rowOf({ 'process.command_line': line, 'process.name': 'one' })),
    );
    matcher.match(events, 'linux', (_, row) => rows.push(row));
    return rows;
  };
  return { run, faults };
}

for (const [name, detection] of [
  ['found by an index', { s: { 'CommandLine|re': greedy }, condition: 's' }],
  [
    'asked for when another part held',
    { s: { 'process.name': 'one', 'CommandLine|re': greedy }, condition: 's' },
  ],
] as const)
  t.test(`a value that asks too much, ${name}`, async (t) => {
    const { run, faults } = ran(detection);
    t.same(run(long), [], 'counts as not matching');
    t.equal(faults.length, 1);
    t.type(faults[0], ValueOverrun);
    t.match(failureOf('Greedy', faults[0]), {
      code: 'rule.value_too_costly',
      detail: `Greedy passed over a value: the expression takes more than ${simulatedSteps} steps over a text of ${long.length} characters.`,
    });
    t.same(run(hit, `${long}x`, `${hit} again`), [0, 2], 'and nobody has silenced the rule with it');
    t.equal(faults.length, 1, 'which is told once');
  });

t.test('a part that is passed over does not hold, so what it would have excused is told', async (t) => {
  const { run } = ran({
    s: { 'process.name': 'one' },
    f: { 'CommandLine|re': greedy },
    condition: 's and not f',
  });
  t.same(run(hit, long), [1]);
});
