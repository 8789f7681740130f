import fc from 'fast-check';
import t from 'tap';
import { Replacer } from '../../../shared/sigma/regex/replacer.ts';

function replaced(source: string, replacement: string, value: string): string | undefined {
  const replacer = new Replacer(source);
  return replacer.replace(value, replacer.readReplacement(replacement));
}

t.test('groups by number and name', async (t) => {
  t.equal(replaced('(\\w+)@(\\w+)', '\\2 at \\1', 'ada@host, eve@home'), 'host at ada, home at eve');
  t.equal(replaced('(?P<user>\\w+)@', '<\\g<user>>\\g<0>', 'ada@host'), '<ada>ada@host');
  t.equal(replaced('(?:a)(b)|(c)', '[\\1\\2]', 'abc'), '[b][c]', 'a group that took no part is empty');
  t.equal(replaced('a', '\\\\', 'xax'), 'x\\x');
  t.throws(() => replaced('a', '\\1', 'a'), /group `1`/);
});

t.test('what a match takes', async (t) => {
  t.equal(replaced('a.*?b', '-', 'aXbYb'), '-Yb', 'lazy');
  t.equal(replaced('a.*b', '-', 'aXbYb'), '-', 'greedy');
  t.equal(replaced('(a|ab)(c|bcd)(d*)', '\\1,\\2,\\3', 'abcd'), 'a,bcd,', 'the first way that leads on');
  t.equal(replaced('x*', '-', 'abxd'), '-a-b--d-', 'empty matches');
  t.equal(replaced('^', '>', 'a'), '>a');
  t.equal(replaced('(a*)*b', '-', 'aab'), '-');
});

t.test('no expression is slow', async (t) => {
  const started = performance.now();
  t.equal(replaced('(a+)+$', '-', `${'a'.repeat(2000)}b`), `${'a'.repeat(2000)}b`);
  t.equal(replaced('(a|a)*b', '-', 'a'.repeat(2000)), 'a'.repeat(2000));
  t.ok(performance.now() - started < 2_000);
  t.equal(replaced('a', 'b', 'a'.repeat(3000)), undefined, 'longer than the bound');
  t.equal(replaced('a', 'b'.repeat(1000), 'a'.repeat(2000)), undefined, 'a longer result than the bound');
  t.throws(() => new Replacer('a{400}b{400}'), /steps/);
  t.throws(() => new Replacer('(a)\\1'), /back references/);
});

t.test('agrees with the runtime', async () => {
  const source = fc.stringMatching(/^(?:[ab.]|\(a\|b\)|\(ab?\)|[ab][*+?]{1}|\(a\*\)\??){1,5}$/);
  fc.assert(
    fc.property(
      source,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }),
      (pattern, value) => {
        const runtime = value.replace(new RegExp(pattern, 'g'), (whole) => `<${whole}>`);
        return replaced(pattern, '<\\g<0>>', value) === runtime;
      },
    ),
  );
});
