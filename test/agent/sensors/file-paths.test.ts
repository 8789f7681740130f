import fc from 'fast-check';
import t from 'tap';
import { nameOfBytes, shownPath, systemPath } from '../../../agent/sensors/file/names.ts';
import {
  joined,
  literalPrefix,
  maxDepth,
  PathRules,
  parentOf,
} from '../../../agent/sensors/file/path-rules.ts';

t.test('names of any bytes are kept apart and can be had back', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
    fc
      .array(fc.constantFrom(0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80, 0xff, 0x0a, 0x1b))
      .map((all) => Buffer.from(all)),
  );
  fc.assert(
    fc.property(bytes, (name) => {
      const back = systemPath(nameOfBytes(name));
      return Buffer.compare(typeof back === 'string' ? Buffer.from(back) : back, name) === 0;
    }),
    { numRuns: 500 },
  );
});

t.test('what is not UTF-8 is shown as bytes, all else as it is', async (t) => {
  t.equal(shownPath(nameOfBytes(Buffer.from([0x61, 0xff, 0x0a]))), 'a\\xff\n');
  t.equal(shownPath('\u{1F600}é\u001b[2J'), '\u{1F600}é\u001b[2J');
  t.equal(shownPath(nameOfBytes(Buffer.from('\u{1F600}'))), '\u{1F600}');
});

t.test('globs', async (t) => {
  const rules = new PathRules(
    [
      { set: 'a', glob: '/etc/cron.{d,daily}/**' },
      { set: 'b', glob: '/etc/*.conf' },
      { set: 'c', glob: '/home/?/.ssh/key+(1)' },
      { set: 'd', glob: '/tmp/*' },
    ],
    ['/etc/cron.d/skip', '/tmp/*.tmp'],
  );
  const set = (path: string) => rules.verdict(path).watched?.set;
  t.equal(set('/etc/cron.d'), 'a');
  t.equal(set('/etc/cron.daily/x/y'), 'a');
  t.equal(set('/etc/cron.weekly/x'), undefined);
  t.equal(set(`/etc/cron.d${'/x'.repeat(maxDepth)}`), 'a');
  t.equal(set(`/etc/cron.d${'/x'.repeat(maxDepth + 1)}`), undefined);
  t.equal(set('/etc/cron.d/skip'), undefined);
  t.equal(set('/etc/cron.d/skip/inner'), undefined, 'an excluded folder is left out whole');
  t.equal(set('/etc/a\nb.conf'), 'b');
  t.equal(set('/etc/axconf'), undefined);
  t.equal(set('/home/x/.ssh/key+(1)'), 'c');
  t.equal(set('/tmp/.hidden'), 'd');
  t.equal(set('/tmp/x.tmp'), undefined);
  t.ok(rules.verdict('/home/x').leads);
  t.notOk(rules.verdict('/home/xy').leads);
  t.equal(literalPrefix('/etc/cron.{d,daily}/**'), '/etc');
});

const word = fc.constantFrom('a', 'b', 'ab', 'a.c', '.x', 'é');
const part = fc.oneof(word, fc.constantFrom('*', '?', 'a*', '{a,b}', '*.c', '{a.c,.x}*'));
const glob = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, deep]) => `/${[...parts, ...(deep ? ['**'] : [])].join('/')}`);
const path = fc.array(word, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`);

/** The meaning of a glob, said plainly: by trying every way. */
function matches(glob: string, path: string): boolean {
  const source = glob
    .replace(/\/\*\*$/, '\u0001')
    .replace(/[.+()|[\]^$]/g, '\\$&')
    .replaceAll('?', '[^/]')
    .replaceAll('*', '[^/]*')
    .replace(/\{([^}]*)\}/g, (_, all: string) => `(?:${all.replaceAll(',', '|')})`)
    .replace('\u0001', `(?:/[^/]+){0,${maxDepth}}`);
  return new RegExp(`^${source}$`).test(path);
}

t.test('the same answers as plain expressions, and every folder on the way leads on', async () => {
  fc.assert(
    fc.property(fc.array(glob, { minLength: 1, maxLength: 4 }), path, (globs, path) => {
      const rules = new PathRules(
        globs.map((one) => ({ set: one, glob: one })),
        [],
      );
      const wanted = globs.find((one) => matches(one, path));
      const { watched } = rules.verdict(path);
      if (watched?.glob !== wanted) return false;
      if (wanted === undefined) return true;
      for (let at = parentOf(path); at !== '/'; at = parentOf(at)) if (!rules.verdict(at).leads) return false;
      return rules.below(parentOf(path)).leads;
    }),
    { numRuns: 1000 },
  );
});

t.test('paths are put together and taken apart', async (t) => {
  t.equal(parentOf('/a'), '/');
  t.equal(parentOf('/a/b'), '/a');
  t.equal(joined('/', 'a'), '/a');
  t.equal(joined('/a', 'b'), '/a/b');
});
