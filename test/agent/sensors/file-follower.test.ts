import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { FileFollower, type FollowOptions } from '../../../agent/sensors/linux/file-follower.ts';
import { OpenLog, positionIn } from '../../../agent/sensors/linux/open-log.ts';
import { linesOf, recordsOf } from '../../../agent/sensors/linux/takes.ts';
import { makeTempFolder } from '../../temp.ts';

function made(t: { teardown(fn: () => void): void }, options: FollowOptions = {}) {
  const folder = makeTempFolder('vedette-follow-');
  const path = join(folder, 'log');
  const lines: string[] = [];
  let follower = new FileFollower(path, options);
  let take = linesOf((line) => lines.push(line));
  t.teardown(() => {
    follower.close();
    rmSync(folder, { recursive: true });
  });
  return {
    path,
    lines,
    get follower() {
      return follower;
    },
    poll: (mayRead?: () => boolean) => follower.poll(take, mayRead),
    /** Another run takes up where this one stands, through what would be stored. */
    restart() {
      const resume = positionIn(JSON.parse(JSON.stringify(follower.position ?? null)));
      follower.close();
      follower = new FileFollower(path, { ...options, resume });
      take = linesOf((line) => lines.push(line));
    },
  };
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
  t.equal(take(Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 3]), 0), 8);
  t.same(seen, [1, 2]);
  t.equal(take(Buffer.from([3, 0]), 8), 0);
});

const long = (text: string) => `${text} ${'.'.repeat(80)}`;

t.test('a restart goes on where the last run stopped, in the middle of a line as well', async (t) => {
  const log = made(t);
  writeFileSync(log.path, 'old\n');
  log.poll();
  appendFileSync(log.path, 'one\ntw');
  log.poll();
  log.restart();
  appendFileSync(log.path, 'o\nthree\n');
  log.poll();
  t.same(log.lines, ['one', 'two', 'three']);
  log.restart();
  log.poll();
  log.poll();
  t.same(log.lines, ['one', 'two', 'three'], 'nothing twice');
});

t.test('rotations while nobody read are read in order', async (t) => {
  const log = made(t);
  const rotate = (at: number) => {
    for (let i = at; i > 0; i--) {
      const from = i === 1 ? log.path : `${log.path}.${i - 1}`;
      renameSync(from, `${log.path}.${i}`);
      utimesSync(`${log.path}.${i}`, 1_000_000 - i, 1_000_000 - i);
    }
  };
  writeFileSync(log.path, '');
  log.poll();
  appendFileSync(log.path, 'one\n');
  log.poll();
  log.restart();
  appendFileSync(log.path, 'two\n');
  rotate(1);
  writeFileSync(log.path, 'three\n');
  rotate(2);
  writeFileSync(log.path, 'four\n');
  log.poll();
  t.same(log.lines, ['one', 'two', 'three', 'four']);
  t.equal(log.follower.gaps, 0);
  log.restart();
  log.poll();
  t.equal(log.lines.length, 4, 'nothing twice');
});

t.test('a log that is copied and cut short is finished in its copy', async (t) => {
  const log = made(t);
  writeFileSync(log.path, '');
  log.poll();
  appendFileSync(log.path, `${long('one')}\n`);
  log.poll();
  appendFileSync(log.path, 'two\n');
  copyFileSync(log.path, `${log.path}.1`);
  truncateSync(log.path, 0);
  appendFileSync(log.path, 'three\n');
  log.poll();
  t.same(log.lines, [long('one'), 'two', 'three'], 'while it runs');
  appendFileSync(log.path, `${long('four')}\n`);
  log.poll();
  log.restart();
  appendFileSync(log.path, 'five\n');
  copyFileSync(log.path, `${log.path}.1`);
  truncateSync(log.path, 0);
  appendFileSync(log.path, `${'six '.repeat(100)}\n`);
  log.poll();
  t.same(
    log.lines.slice(3),
    [long('four'), 'five', 'six '.repeat(100)],
    'while it was away, and grown longer',
  );
  t.equal(log.follower.gaps, 0);
  truncateSync(log.path, 0);
  appendFileSync(log.path, 'seven\n');
  log.poll();
  t.equal(log.lines.at(-1), 'seven');
  t.equal(log.follower.gaps, 1, 'where there is no copy, it says so');
});

t.test('a writer that does not know of the rotation yet is still read', async (t) => {
  const log = made(t);
  writeFileSync(log.path, '');
  log.poll();
  renameSync(log.path, `${log.path}.1`);
  writeFileSync(log.path, 'new\n');
  log.poll();
  appendFileSync(`${log.path}.1`, 'late\n');
  log.poll();
  t.same(log.lines, ['new', 'late']);
  log.restart();
  log.poll();
  t.same(log.lines, ['new', 'late']);
});

t.test('a pipe in its place holds nothing up, and a log that went away is not told again', async (t) => {
  const log = made(t);
  writeFileSync(log.path, '');
  log.poll();
  appendFileSync(log.path, 'one\n');
  log.poll();
  log.restart();
  appendFileSync(log.path, 'two\n');
  log.poll();
  renameSync(log.path, `${log.path}.1`);
  log.poll();
  log.restart();
  writeFileSync(log.path, 'three\n');
  log.poll();
  t.same(log.lines, ['one', 'two', 'three']);
  rmSync(log.path);
  execFileSync('mkfifo', [log.path]);
  log.poll();
  t.equal(log.follower.present, false);
  t.throws(() => new OpenLog(`${log.path}.none`));
  new OpenLog(log.path).close();
});

t.test('what may not be read yet waits; what is too far behind is passed over and counted', async (t) => {
  const log = made(t, { maxLagBytes: 1000 });
  writeFileSync(log.path, '');
  log.poll();
  appendFileSync(log.path, '0123456789\n'.repeat(50));
  log.poll(() => false);
  t.same(log.lines, []);
  t.equal(log.follower.skippedLines, 0);
  appendFileSync(log.path, 'abcdefghi\n'.repeat(100));
  log.poll(() => false);
  t.equal(log.follower.skippedLines, 50);
  log.poll();
  t.same([...new Set(log.lines)], ['abcdefghi'], 'whole lines go');
  t.equal(log.lines.length + log.follower.skippedLines, 150, 'each line is told or counted');
});

t.test('every line once, whatever rotation, restarts and reading do', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('append' as const) },
    { weight: 3, arbitrary: fc.constant('half' as const) },
    { weight: 3, arbitrary: fc.constant('poll' as const) },
    fc.constantFrom('rename' as const, 'copy' as const, 'restart' as const, 'slow' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const ends: (() => void)[] = [];
      const log = made({ teardown: (end) => ends.push(end) });
      const written: string[] = [];
      let half = '';
      let turn = 0;
      const add = () => {
        const text = `${half}${long(`line ${written.length}`)}`;
        appendFileSync(log.path, `${text.slice(half.length)}\n`);
        written.push(text);
        half = '';
      };
      /** Rotation renames what was rotated before as well. */
      const shift = () => {
        for (let i = turn++; i > 0; i--) renameSync(`${log.path}.${i}`, `${log.path}.${i + 1}`);
      };
      const stamp = () => {
        for (let i = 1; i <= turn; i++) utimesSync(`${log.path}.${i}`, 1e6 - i, 1e6 - i);
      };
      writeFileSync(log.path, '');
      log.poll();
      for (const what of steps) {
        if (what === 'append') add();
        else if (what === 'half') {
          const piece = `half ${written.length}.`;
          appendFileSync(log.path, piece);
          half += piece;
        } else if (what === 'poll') log.poll();
        else if (what === 'slow') {
          let left = 2;
          log.poll(() => left-- > 0);
        } else if (what === 'restart') log.restart();
        else {
          if (half !== '') add();
          // Copies are told from each other by their begin, so each file has one of its own that was read.
          if (what === 'copy') {
            add();
            log.poll();
          }
          shift();
          if (what === 'rename') {
            renameSync(log.path, `${log.path}.1`);
            writeFileSync(log.path, '');
          } else {
            copyFileSync(log.path, `${log.path}.1`);
            truncateSync(log.path, 0);
          }
          stamp();
        }
      }
      if (half !== '') add();
      for (let i = 0; i < 20; i++) log.poll();
      for (const end of ends) end();
      const told = log.lines.join('\n');
      if (told !== written.join('\n')) throw new Error(`told ${told}`);
    }),
    { numRuns: 150 },
  );
});
