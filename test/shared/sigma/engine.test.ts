/** The indexed engine against the naive one, on random rules and events. */
import fc from 'fast-check';
import t from 'tap';
import { AhoCorasick } from '../../../shared/sigma/match/aho-corasick.ts';
import { tryRandom } from './agreement/random.ts';

t.test('agrees with the naive engine', async (t) => {
  const seed = Date.now() & 0x7fff_ffff;
  const { pairs, matched, counterexample } = tryRandom(1_000, seed);
  t.equal(counterexample, null, `seed ${seed}`);
  t.ok(pairs > 10_000, `${pairs} pairs of rule and event`);
  t.ok(matched > pairs / 20 && matched < (pairs * 19) / 20, `${matched} of them match`);
});

t.test('the automaton over texts finds each of them everywhere', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { minLength: 1, maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'c', '\uFFFF'), maxLength: 20 }),
      (texts, value) => {
        const found: string[] = [];
        new AhoCorasick(texts).scan(value, (index, end) => found.push(`${texts[index]}@${end}`));
        const expected = texts.flatMap((word_) =>
          Array.from({ length: value.length + 1 }, (_, end) => end)
            .filter((end) => end >= word_.length && value.slice(end - word_.length, end) === word_)
            .map((end) => `${word_}@${end}`),
        );
        if (found.sort().join() !== expected.sort().join()) throw new Error(`${found} is not ${expected}`);
      },
    ),
    { numRuns: 1_000 },
  );
});
