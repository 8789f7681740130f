import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { FileFollower, linesOf, recordsOf } from '../../../agent/sensors/linux/file-follower.ts';
import { makeTempFolder } from '../../temp.ts';

function made(t: { teardown(fn: () => void): void }) {
  const folder = makeTempFolder('vedette-follow-');
  const path = join(folder, 'log');
  const lines: string[] = [];
  const follower = new FileFollower(path);
  const take = linesOf((line) => lines.push(line));
  t.teardown(() => {
    follower.close();
    rmSync(folder, { recursive: true });
  });
  return { path, lines, poll: () => follower.poll(take) };
}

t.test('begins at the end, reads whole lines, survives rotation and truncation', async (t) => {
  const { path, lines, poll } = made(t);
  writeFileSync(path, 'old\n');
  poll();
  t.same(lines, []);
  appendFileSync(path, 'one\ntw');
  poll();
  appendFileSync(path, 'o\nlast');
  poll();
  t.same(lines, ['one', 'two']);
  appendFileSync(path, ' words\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'new\n');
  poll();
  t.same(lines, ['one', 'two', 'last words', 'new']);
  truncateSync(path, 0);
  appendFileSync(path, 'a\n');
  poll();
  t.equal(lines.at(-1), 'a');
  rmSync(path);
  poll();
  poll();
  writeFileSync(path, 'back\n');
  poll();
  t.equal(lines.at(-1), 'back');
});

t.test('a file that appears later is read from its begin', async (t) => {
  const { path, lines, poll } = made(t);
  poll();
  writeFileSync(path, 'first\n');
  poll();
  t.same(lines, ['first']);
});

t.test('a line without end is cut, not kept in memory', async (t) => {
  const { path, lines, poll } = made(t);
  writeFileSync(path, '');
  poll();
  appendFileSync(path, 'x'.repeat(300_000));
  poll();
  appendFileSync(path, 'tail\nnext\n');
  poll();
  t.equal(lines[0]?.length, 8192);
  t.same(lines.slice(1), ['next']);
});

t.test('lines come whole however the bytes come', async (t) => {
  const { path, lines, poll } = made(t);
  writeFileSync(path, '');
  poll();
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-zé]{0,20}$/)), fc.nat(40), (texts, at) => {
      lines.length = 0;
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
      appendFileSync(path, bytes.subarray(0, at));
      poll();
      appendFileSync(path, bytes.subarray(at));
      poll();
      return lines.join('|') === texts.join('|') && lines.length === texts.length;
    }),
    { numRuns: 50 },
  );
});

t.test('records come whole', async (t) => {
  const seen: number[] = [];
  const take = recordsOf(4, (record) => seen.push(record.readUInt32LE(0)));
  t.equal(take(Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 3])), 8);
  t.same(seen, [1, 2]);
  t.equal(take(Buffer.from([3, 0])), 0);
});
