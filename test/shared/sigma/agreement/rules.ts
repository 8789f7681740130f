/** Random detections and events. */
import fc from 'fast-check';
import type { Detection, NaiveEvent } from '../naive/engine.ts';
import { anyItem, fields, keyword } from './items.ts';
import { text } from './texts.ts';

/** Keys of one map differ; of two alike the later stays. */
const map = fc
  .array(anyItem, { minLength: 1, maxLength: 3 })
  .map((items) => Object.fromEntries(items) as Readonly<Record<string, unknown>>);
const search = fc.oneof(
  { weight: 6, arbitrary: map },
  { weight: 3, arbitrary: fc.array(map, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(keyword, map), { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: keyword },
);

const names = ['sel_a', 'sel_b', 'filter_a', 'filter_b', 'other', '_hidden', 'x-1.y'] as const;
const patterns = ['sel_*', 'filter_*', '*_a', 's*_b', '*', '_hid*', 'other', '_*', 'x*'] as const;

function meant(pattern: string, all: readonly string[]): number {
  const form = new RegExp(`^${RegExp.escape(pattern).replaceAll('\\*', '.*')}$`);
  return all.filter((n) => form.test(n) && (n === pattern || !n.startsWith('_') || pattern.startsWith('_')))
    .length;
}

function amountsOf(all: readonly string[]): readonly string[] {
  const targets = patterns.map((pattern) => [pattern, meant(pattern, all)] as const);
  const them = ['them', all.filter((n) => !n.startsWith('_')).length] as const;
  return [...targets, them].flatMap(([target, most]) =>
    most === 0
      ? []
      : ['1', 'any', 'all', 'All', `${most}`, `${Math.max(1, most - 1)}`].map((n) => `${n} of ${target}`),
  );
}

/** As written: parentheses only here and there, so that precedence matters. */
function conditionOver(all: readonly string[]): fc.Arbitrary<string> {
  const leaf = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...all) },
    { weight: 2, arbitrary: fc.constantFrom(...amountsOf(all)) },
  );
  const word = (w: string) => fc.constantFrom(w, w, w, w.toUpperCase());
  return fc.letrec<{ c: string }>((tie) => ({
    c: fc.oneof(
      { maxDepth: 4 },
      { weight: 3, arbitrary: leaf },
      { weight: 1, arbitrary: fc.tuple(word('not'), tie('c')).map((parts) => parts.join(' ')) },
      { weight: 2, arbitrary: fc.tuple(tie('c'), word('and'), tie('c')).map((parts) => parts.join(' ')) },
      { weight: 2, arbitrary: fc.tuple(tie('c'), word('or'), tie('c')).map((parts) => parts.join(' ')) },
      { weight: 1, arbitrary: tie('c').map((inner) => `(${inner})`) },
    ),
  })).c;
}

export const detection: fc.Arbitrary<Detection> = fc
  .dictionary(fc.constantFrom(...names), search, { minKeys: 1, maxKeys: 4, noNullPrototype: true })
  .filter((searches) => Object.keys(searches).some((name) => !name.startsWith('_')))
  .chain((searches) => {
    const one = conditionOver(Object.keys(searches));
    return fc
      .oneof({ weight: 6, arbitrary: one }, fc.array(one, { minLength: 1, maxLength: 2 }))
      .map((condition) => ({ ...searches, condition }));
  });

const [commandLine, executable, user, pid, baseline, truncated] = fields;
export const event: fc.Arbitrary<NaiveEvent> = fc.record(
  {
    [commandLine]: text,
    [executable]: text,
    [user]: fc.oneof(fc.constantFrom('a', 'B', 'ab', 'σ', 'Σ', 'É', 'ς'), text),
    [pid]: fc.integer({ min: 0, max: 12 }),
    [baseline]: fc.boolean(),
    [truncated]: fc.array(text, { maxLength: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);
/** Nothing declared: any field may hold anything. */
const value = fc.oneof(text, fc.constantFrom(null, 1, 11, -1, 1.5, 1e21, true, false));
export const openEvent: fc.Arbitrary<NaiveEvent> = fc.oneof(
  event,
  fc.dictionary(fc.constantFrom(...fields), fc.oneof(value, fc.array(value, { maxLength: 3 })), {
    noNullPrototype: true,
  }),
);
