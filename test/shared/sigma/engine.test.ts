/** The indexed engine against the naive one, on random rules and events. */
import fc from 'fast-check';
import t from 'tap';
import { AffixTree } from '../../../shared/sigma/match/affix-tree.ts';
import { AhoCorasick } from '../../../shared/sigma/match/aho-corasick.ts';
import { LiteralIndex } from '../../../shared/sigma/match/literal-index.ts';
import { tryRandom } from './agreement/random.ts';

t.test('agrees with the naive engine', async (t) => {
  const seed = Date.now() & 0x7fff_ffff;
  const { pairs, matched, counterexample } = tryRandom(1_000, seed);
  t.equal(counterexample, null, `seed ${seed}`);
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
