import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { BoundedFile } from '../../../agent/sensors/linux/bounded-file.ts';

const maxBytes = 200_000;

t.test(
  'whatever the size, both ways of reading give the file up to the bound, one read after the other',
  async (t) => {
    const file = new BoundedFile(maxBytes);
    const path = join(t.testdir(), 'file');
    const size = fc.oneof(
      fc.nat(300_000),
      fc.constantFrom(0, 1, 16_383, 16_384, 16_385, 65_536, maxBytes - 1, maxBytes, maxBytes + 1),
    );
    fc.assert(
      fc.property(size, fc.nat(255), fc.boolean(), (bytes, seed, once) => {
        const content = Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed) % 251));
        writeFileSync(path, content);
        const length = once ? file.readOnce(path) : file.read(path);
        t.equal(length, Math.min(bytes, maxBytes));
        t.ok(file.buffer.subarray(0, length).equals(content.subarray(0, length)));
        t.ok(file.buffer.length <= maxBytes);
      }),
      { numRuns: 200 },
    );
  },
);

t.test('a bound below the first buffer holds', async (t) => {
  const file = new BoundedFile(10);
  const path = join(t.testdir({ file: 'more than ten bytes' }), 'file');
  t.equal(file.text(path), 'more than ');
  t.equal(file.readOnce(path), 10);
});

t.test('what cannot be read is -1', async (t) => {
  const file = new BoundedFile(maxBytes);
  const folder = t.testdir();
  mkdirSync(join(folder, 'folder'));
  for (const path of [join(folder, 'none'), join(folder, 'folder')]) {
    t.equal(file.read(path), -1);
    t.equal(file.readOnce(path), -1);
  }
});

t.test('files of the kernel, which know no size', { skip: process.platform !== 'linux' }, async (t) => {
  const file = new BoundedFile(maxBytes);
  const whole = readFileSync('/proc/kallsyms').subarray(0, maxBytes).toString('latin1');
  const length = file.read('/proc/kallsyms');
  t.equal(file.buffer.toString('latin1', 0, length), whole);
  const own = file.readOnce('/proc/self/cmdline');
  t.equal(file.buffer.toString('utf8', 0, own), readFileSync('/proc/self/cmdline', 'utf8'));
});
