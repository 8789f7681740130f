import fc from 'fast-check';
import { test } from 'tap';
import { canonicalText, type Json, readCanonical } from '#shared/bundle/canonical.ts';

/** Names that JavaScript does not keep in their order are in no document. */
const name = fc.string({ maxLength: 6 }).filter((text) => !/^\d+$/.test(text));
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

test('property: a canonical text reads back to what was written', async (t) => {
  fc.assert(
    fc.property(value, (inner) => {
      const text = canonicalText({ inner });
      return canonicalText(readCanonical(text, 'It')) === text;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('property: any other spelling of the same is refused', async (t) => {
  fc.assert(
    fc.property(value, fc.nat(), (inner, at) => {
      const text = canonicalText({ inner });
      const place = 1 + (at % (text.length - 1));
      const spaced = `${text.slice(0, place)} ${text.slice(place)}`;
      try {
        // A space within a text is another text, and canonical itself.
        return (
          canonicalText(readCanonical(spaced, 'It')) === spaced &&
          JSON.stringify(JSON.parse(spaced)) === spaced
        );
      } catch (error) {
        return (error as { code?: string }).code === 'bundle.malformed';
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('what is ambiguous is refused', async (t) => {
  for (const text of [
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1.5}',
    '{"a":1e3}',
    '{"a":-0}',
    '{"a":9007199254740993}',
    '{"a":"\\u0041"}',
    '{"a":1}\n',
    '[1]',
    'null',
    '',
    `{"a":${'['.repeat(9)}${']'.repeat(9)}}`,
  ])
    t.throws(() => readCanonical(text, 'It'), { code: 'bundle.malformed' }, text);
  t.throws(() => canonicalText({ a: 1.5 }), { code: 'bundle.malformed' });
  t.throws(() => canonicalText({ a: [[[[[[[[[1]]]]]]]]] }), { code: 'bundle.malformed' });
});
