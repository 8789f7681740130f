import fc from 'fast-check';
import t from 'tap';
import {
  joinPattern,
  parsePattern,
  parsePlainText,
  plainText,
  writePattern,
} from '../../../shared/sigma/pattern.ts';

const raw = fc.string({ unit: fc.constantFrom('a', '\\', '*', '?', '%', ' '), maxLength: 12 });

t.test('what is written is read the same', async () => {
  fc.assert(
    fc.property(raw, (text) => {
      const pattern = joinPattern(parsePattern(text));
      return JSON.stringify(joinPattern(parsePattern(writePattern(pattern)))) === JSON.stringify(pattern);
    }),
    { numRuns: 2_000 },
  );
});

t.test('and so is plain text', async () => {
  fc.assert(
    fc.property(raw, (text) => {
      const pattern = joinPattern(parsePattern(text));
      return JSON.stringify(parsePlainText(plainText(pattern))) === JSON.stringify(pattern);
    }),
    { numRuns: 2_000 },
  );
});

t.test('plain text as pipelines see it', async (t) => {
  const seen: readonly (readonly [string, string])[] = [
    ['C:\\temp\\x', 'C:\\temp\\x'],
    ['\\\\\\\\host', '\\\\host'],
    ['C:\\x\\\\*', 'C:\\x\\\\*'],
    ['a\\*b', 'a\\*b'],
    ['*a?', '*a?'],
  ];
  for (const [text, plain] of seen) t.equal(plainText(parsePattern(text)), plain, text);
});
