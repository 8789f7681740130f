import fc from 'fast-check';
import t from 'tap';
import { Automaton } from '../../../shared/sigma/regex/automaton.ts';
import { requiredTexts, shortestMatch } from '../../../shared/sigma/regex/literals.ts';
import { parseRegex } from '../../../shared/sigma/regex/parse.ts';
import { compileProgram } from '../../../shared/sigma/regex/program.ts';
import { Simulation } from '../../../shared/sigma/regex/simulation.ts';
import { noFlags, type RegexFlags } from '../../../shared/sigma/regex/syntax.ts';
import { neighbours, UnitClasses } from '../../../shared/sigma/regex/units.ts';

function automaton(source: string, flags: RegexFlags = noFlags): Automaton {
  return new Automaton(compileProgram(parseRegex(source, flags)));
}

/** The same, step by step, as where the automaton would need too many states. */
function simulated(source: string, flags: RegexFlags, value: string): boolean {
  const program = compileProgram(parseRegex(source, flags));
  const classes = new UnitClasses(program.steps.flatMap((s) => (s.op === 'set' ? [s.ranges] : [])));
  return new Simulation(program, classes).run(value, 0, [program.start], neighbours.edge);
}

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    'B',
    'k',
    '.',
    '\\d',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '[ab]',
    '[^a]',
    '[a-c\\d]',
    '[^\\w-]',
    '\\.',
  ],
  ...['\\b', '\\B', '^', '$', 'é', 'É', '\\x41', '-', '_', '[-a]', '[\\]b]', '\\n'],
);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?', '{0}');
const { source } = fc.letrec<{ source: string; sequence: string; piece: string }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 2 },
    {
      weight: 5,
      arbitrary: fc.tuple(atom, quantifier).map(([a, q]) => (/^(\^|\$|\\[bB])$/.test(a) ? a : a + q)),
    },
    { weight: 2, arbitrary: fc.tuple(tie('source'), quantifier).map(([s, q]) => `(?:${s})${q}`) },
    { weight: 1, arbitrary: fc.tuple(tie('source'), quantifier).map(([s, q]) => `(${s})${q}`) },
  ),
  sequence: fc.array(tie('piece'), { maxLength: 5 }).map((pieces) => pieces.join('')),
  source: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
}));
const value = fc.string({ unit: fc.constantFrom(...'aabbBkKA1_ .-\n\réÉ\u212A'), maxLength: 7 });
const flags = fc.record({ i: fc.boolean(), m: fc.boolean(), s: fc.boolean() });

function letters({ i, m, s }: RegexFlags): string {
  return `${i ? 'i' : ''}${m ? 'm' : ''}${s ? 's' : ''}`;
}

t.test('agrees with the engine of the runtime', async () => {
  fc.assert(
    fc.property(source, flags, fc.array(value, { minLength: 1, maxLength: 8 }), (text, f, values) => {
      const [ours, theirs] = [automaton(text, f), new RegExp(text, letters(f))];
      for (const v of values) {
        if (ours.test(v) !== theirs.test(v) || simulated(text, f, v) !== theirs.test(v))
          throw new Error(`/${text}/${letters(f)} on ${JSON.stringify(v)}`);
      }
    }),
    { numRuns: 1_000 },
  );
});

const stands = {
  anywhere: (value: string, text: string) => value.includes(text),
  start: (value: string, text: string) => value.startsWith(text),
  end: (value: string, text: string) => value.endsWith(text),
};

t.test('a required text is in every value that matches', async () => {
  fc.assert(
    fc.property(source, flags, value, (text, f, v) => {
      if (!automaton(text, f).test(v)) return true;
      return requiredTexts(parseRegex(text, f)).every(({ at, texts }) =>
        texts.some((required) => stands[at](v.toLowerCase(), required)),
      );
    }),
    { numRuns: 3_000 },
  );
  const required = (text: string) =>
    requiredTexts(parseRegex(text, noFlags)).map(({ at, texts }) => [at, ...texts]);
  t.strictSame(required('\\s/dev/tcp/\\d+'), [['anywhere', '/dev/tcp/']]);
  t.strictSame(required('(?i)CURL.*(?:bash|zsh)'), [
    ['anywhere', 'curl'],
    ['anywhere', 'bash', 'zsh'],
  ]);
  t.strictSame(required('x(?:bash|zsh)+y?'), [['anywhere', 'xbash', 'xzsh']]);
  t.strictSame(
    required('/(?:lt|bore(?:-\\w+)?)$'),
    [['anywhere', '/lt', '/bore', '/bore-']],
    'alternatives go on from what is before them',
  );
  t.strictSame(required('(?:curl|wget)\\s+x{2,3}'), [
    ['anywhere', 'xx'],
    ['anywhere', 'curl', 'wget'],
  ]);
  t.strictSame(required('a?b*'), []);
  t.strictSame(required('\\w`\\w'), [['anywhere', '`']], 'one character, when it is a rare one');
  t.strictSame(required('\\w\\.\\w'), []);
  t.strictSame(required('^ab[cd]\\w+(?:x|yz)$'), [
    ['start', 'abc', 'abd'],
    ['end', 'x', 'yz'],
  ]);
  t.strictSame(required('\\w\\."?$'), [['end', '.', '."']]);
});

t.test('no text shorter than the shortest match matches', async (t) => {
  fc.assert(
    fc.property(
      source,
      flags,
      value,
      (text, f, v) => !automaton(text, f).test(v) || v.length >= shortestMatch(parseRegex(text, f)),
    ),
    { numRuns: 3_000 },
  );
  t.equal(shortestMatch(parseRegex('^a(?:bc|d)[0-9]{93}e*f?$', noFlags)), 95);
});

t.test('reading never ends in anything but a tree or a refusal', async () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab(?:|)[]^$*+{1,2}\\dwbxu-!<=>PAz.'), maxLength: 24 }),
      (text) => {
        try {
          automaton(text).test('aab1');
        } catch (error) {
          if ((error as Error).constructor.name !== 'RegexRefusal') throw error;
        }
      },
    ),
    { numRuns: 5_000 },
  );
});

t.test('expressions that take a backtracking engine exponential time', async (t) => {
  const long = 'a'.repeat(30_000);
  for (const text of [
    '(a+)+$',
    '(a|a)*b',
    '(a|aa)+c',
    '(.*a){12}b',
    '(a?){30}a{30}x',
    '^(([a-z])+.)+[A-Z]$',
  ]) {
    const start = performance.now();
    automaton(text).test(`${long}!`);
    t.ok(performance.now() - start < 3_000, `${text} took ${Math.round(performance.now() - start)} ms`);
  }
});

t.test('more states than are kept', async (t) => {
  const many = automaton('a[ab]{100}c');
  let seed = 7;
  const bit = () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed & 1;
  };
  const text = Array.from({ length: 32_768 }, () => (bit() === 1 ? 'a' : 'b')).join('');
  const start = performance.now();
  t.notOk(many.test(text));
  t.ok(many.test(`${text}a${'b'.repeat(100)}c`));
  t.ok(performance.now() - start < 5_000, `${Math.round(performance.now() - start)} ms`);
  t.ok(many.test(`a${'b'.repeat(100)}c`), 'and it goes on as before');
});

t.test('syntax beyond ECMAScript', async (t) => {
  t.ok(automaton('\\Aab\\z').test('ab'));
  t.ok(automaton('[[:alpha:]]+[[:digit:]]').test('ab1'));
  t.ok(automaton('(?P<name>a)b').test('ab'));
  t.ok(automaton('a(?i)B').test('ab'));
  t.ok(automaton('a(?i:B)C').test('abC'));
  t.notOk(automaton('a(?i:B)C').test('abc'));
  t.ok(automaton('\\x{41}').test('A'));
});
