/** The quick reader of YAML against the full one: where it reads at all, they must agree in everything. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { readBlockYaml } from '../../../shared/sigma/parse/block-yaml.ts';
import { parseFully, yamlBounds } from '../../../shared/sigma/parse/yaml.ts';
import { ProblemSink } from '../../../shared/sigma/problem.ts';

const pack = join(import.meta.dirname, '../../../collector/rules/pack');
const rules = readdirSync(pack, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yml') && !name.endsWith('.test.yml'))
  .map((name) => readFileSync(join(pack, name), 'utf8'));

/** Gives whether the quick reader read it; throws when the two differ. */
function compare(text: string): boolean {
  const quick = readBlockYaml(text, yamlBounds);
  if (quick === undefined) return false;
  const problems = new ProblemSink('test.yml');
  const full = parseFully(text, problems);
  const [first] = problems.problems;
  if (quick.some(({ tree }) => tree.kind !== 'map')) return true;
  if (first !== undefined) throw new Error(`the full reader refuses it: ${first.message}\n${text}`);
  const [a, b] = [quick.map((d) => d.tree), full.map((d) => d.tree)].map((trees) => JSON.stringify(trees));
  if (a !== b) throw new Error(`${a}\nis not\n${b}\nfor\n${text}`);
  for (const [i, { from, to }] of quick.entries())
    if (text.slice(from, to).trim() !== full[i]!.text.trim())
      throw new Error(`texts of document ${i} differ`);
  return true;
}

t.test('rules as they are written', async (t) => {
  t.equal(rules.filter(compare).length, rules.length, 'every rule of the pack is read quickly');
  const more = [
    'a: 1\nb: [1]',
    'a: &x 1\nb: *x',
    "a:\n- x\n- 'it''s'\nb: \"q\"",
    'a: >\n  one\n  two\n\n  three\nb: |-\n  x\n    y\n',
    '---\na: 1\n---\nb: 2',
    'a: x # said\nb: "#no"  # yes',
    '- a: 1\n  b: 2\n- c',
    'a: 12345678901234567890\nb: 0x1f\nc: 1.50\nd: ~\ne: True\nf: .inf',
    "'|all':\n  - a\n  - b",
    'a:\n  b:\n    - c: 1\n      d:\n        - 2\n  e: f',
    'a: - b',
    'a: b: c',
    'a:b\nc: d',
    'key with blanks: x\n? y',
    'a: |\n\n  x\n\n\nb: c',
    'a: x\n  y\nb: z',
    'a: x\n # comment\n  y',
    "a: 'x\n  y'",
    'a: |+\n  x\n\nb: y',
    'a:\n',
    'a: null\nb: ""\nc: \'\'',
    'a: x\n...\nb: y',
    '# only a comment',
    '',
    'a: 1\na: 2',
    'a: %x\nb: @y',
    'a: -\nb: ?x\nc: :y',
  ];
  t.ok(more.filter(compare).length > 5, 'and some of what is less common');
});

t.test('rules with something broken', async (t) => {
  const piece = fc.constantFrom(
    ...[
      '\n',
      ' ',
      '  ',
      ':',
      ': ',
      '- ',
      '-',
      '#',
      ' #',
      "'",
      '"',
      '|',
      '>',
      '|-\n',
      '---\n',
      '...\n',
      '&a ',
    ],
    ...[
      '*a',
      '[',
      ']',
      '{',
      '}',
      '!',
      '%',
      '@',
      '`',
      '\\',
      ',',
      '?',
      '? ',
      '~',
      'null',
      '1',
      '0x1',
      'é',
      '😀',
    ],
  );
  let read = 0;
  fc.assert(
    fc.property(
      fc.nat({ max: rules.length - 1 }),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 6 }), piece), { minLength: 1, maxLength: 3 }),
      fc.tuple(fc.nat(), fc.nat({ max: 30 })),
      (which, edits, [skip, keep]) => {
        const lines = rules[which]!.split('\n');
        const start = skip % lines.length;
        let text = lines.slice(start, start + 5 + keep).join('\n');
        for (const [at, cut, put] of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + put + text.slice(place + cut);
        }
        if (compare(text)) read++;
      },
    ),
    { numRuns: 6_000 },
  );
  t.ok(read > 400, `${read} of 6000 were read quickly`);
});
