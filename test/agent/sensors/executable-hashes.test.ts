import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  ExecutableHashes,
  type HashedFile,
  type ProgramFile,
} from '../../../agent/sensors/process/executable-hashes.ts';
import { tempFolder } from '../../temp.ts';
import { until } from './kernel-host.ts';

/** Hashes of program files: right, or none. */

const onLinux = { skip: process.platform === 'linux' ? false : 'not Linux' };

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function scene(t: Test) {
  const folder = tempFolder(t);
  const hashes = new ExecutableHashes();
  t.teardown(() => hashes.close());
  const told: (HashedFile & { readonly name: string })[] = [];
  const at = (name: string) => join(folder, name);
  const ask = (name: string, link?: ProgramFile['link']) =>
    hashes.of({ path: at(name), link }, true, (file) => told.push({ ...file, name }));
  return { hashes, told, at, ask };
}

t.test('the file with its facts, told once and known after', async (t) => {
  const { told, at, ask } = scene(t);
  copyFileSync(process.execPath, at('node'));
  t.equal(ask('node'), undefined);
  t.equal(ask('node'), undefined, 'while it waits');
  await until(() => told.length > 0, 'told');
  const stat = statSync(at('node'));
  t.match(told, [{ sha256: sha256(at('node')), sizeBytes: stat.size, inode: String(stat.ino) }]);
  t.ok(Math.abs((told[0]?.mtimeAt ?? 0) - stat.mtimeMs * 1000) < 2);
  t.equal(ask('node'), told[0]?.sha256);
  writeFileSync(at('empty'), '');
  ask('empty');
  await until(() => told.length > 1, 'told of the empty one');
  t.equal(told[1]?.sha256, createHash('sha256').digest('hex'));
});

t.test('a file that changes while it waits or is read is left out', async (t) => {
  const { hashes, told, at, ask } = scene(t);
  // Some 30 chunks: the others wait behind it.
  writeFileSync(at('slow'), Buffer.alloc(8 * 1024 * 1024, 1));
  for (const name of ['replaced', 'written', 'removed', 'cut', 'kept']) writeFileSync(at(name), name);
  ask('slow');
  for (const name of ['kept', 'replaced', 'written', 'removed', 'cut']) ask(name);
  writeFileSync(at('other'), 'another');
  renameSync(at('other'), at('replaced'));
  writeFileSync(at('written'), 'WRITTEN');
  rmSync(at('removed'));
  truncateSync(at('cut'), 1);
  await sleep(20);
  writeFileSync(at('slow'), Buffer.alloc(8 * 1024 * 1024, 2));
  await until(() => told.length + hashes.skipped === 6, 'all judged');
  t.same(
    told.map(({ name, sha256 }) => [name, sha256]),
    [['kept', sha256(at('kept'))]],
  );
  t.equal(hashes.skipped, 5);
});

t.test('a file whose times were set back is another file', async (t) => {
  const { told, at, ask } = scene(t);
  writeFileSync(at('tool'), 'good');
  const { atime, mtime } = statSync(at('tool'));
  utimesSync(at('tool'), atime, mtime);
  ask('tool');
  await until(() => told.length === 1, 'told');
  const good = ask('tool');
  t.equal(good, sha256(at('tool')));
  // The same file, size and time of change, as a thief of a program's name would have it.
  writeFileSync(at('tool'), 'evil');
  utimesSync(at('tool'), atime, mtime);
  t.equal(ask('tool'), good, 'looked at once for all programs that are told of in one turn');
  await turn();
  t.not(ask('tool'), good, 'not the hash of what it was');
  await until(() => told.length === 2, 'told anew');
  t.equal(told[1]?.sha256, sha256(at('tool')));
});

t.test('what is no file, too large or not to be seen is passed over', async (t) => {
  const { hashes, told, at, ask } = scene(t);
  writeFileSync(at('huge'), '');
  truncateSync(at('huge'), 256 * 1024 * 1024 + 1);
  t.equal(ask('huge'), undefined);
  t.equal(hashes.skipped, 1);
  t.equal(ask('missing'), undefined);
  for (const path of ['/dev/zero', at(''), '/a\0b', '', undefined]) {
    t.equal(
      hashes.of({ path, link: undefined }, true, () => t.fail('no file')),
      undefined,
    );
  }
  await sleep(50);
  t.same(told, []);
});

t.test('a link that leads elsewhere by now is not followed', onLinux, async (t) => {
  const { told, at, ask } = scene(t);
  for (const name of ['here', 'other']) writeFileSync(at(name), name);
  symlinkSync(at('here'), at('link'));
  ask('gone', { at: at('link'), target: at('here') });
  ask('other', { at: at('link'), target: at('other') });
  ask('neither', { at: at('link'), target: at('neither') });
  await until(() => told.length === 2, 'two of the three');
  t.same(told.map(({ name, sha256 }) => [name, sha256]).toSorted(), [
    ['gone', sha256(at('here'))],
    ['other', sha256(at('other'))],
  ]);
});

t.test('a program that removed itself is hashed while it runs', onLinux, async (t) => {
  const { hashes, told, at, ask } = scene(t);
  copyFileSync('/bin/sleep', at('dropper'));
  const expected = sha256(at('dropper'));
  const child = spawn(at('dropper'), ['60'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const link = { at: `/proc/${child.pid}/exe`, target: at('dropper') };
  await until(() => readlinkSync(link.at) === at('dropper'), 'it runs');
  writeFileSync(at('slow'), Buffer.alloc(4 * 1024 * 1024, 1));
  ask('slow');
  ask('dropper', link);
  rmSync(at('dropper'));
  await until(() => told.length === 2, 'both');
  t.equal(told.find(({ name }) => name === 'dropper')?.sha256, expected);
  t.equal(hashes.skipped, 0);
  // The name is another file's now, which the process does not run.
  writeFileSync(at('dropper'), 'x');
  hashes.of({ path: undefined, link }, true, (file) => told.push({ ...file, name: 'again' }));
  await until(() => told.length === 3, 'again');
  t.equal(told[2]?.sha256, expected);
});

t.test(
  'a pipe in place of a file that waits holds nobody up',
  { skip: process.platform === 'win32' },
  async (t) => {
    const { hashes, told, at, ask } = scene(t);
    writeFileSync(at('slow'), Buffer.alloc(4 * 1024 * 1024, 1));
    for (const name of ['pipe', 'behind']) writeFileSync(at(name), name);
    ask('slow');
    ask('behind');
    ask('pipe');
    rmSync(at('pipe'));
    t.equal(spawnSync('mkfifo', [at('pipe')]).status, 0);
    await until(() => told.some(({ name }) => name === 'behind'), 'the one behind it');
    t.equal(hashes.skipped, 1);
  },
);

t.test('many more than wait: counted', async (t) => {
  const { hashes, told, at, ask } = scene(t);
  writeFileSync(at('slow'), Buffer.alloc(4 * 1024 * 1024, 1));
  ask('slow');
  for (let i = 0; i < 1100; i++) {
    writeFileSync(at(`f${i}`), `${i}`);
    ask(`f${i}`);
  }
  t.equal(hashes.skipped, 1100 - 1024);
  await until(() => told.length === 1025, 'the rest');
  for (const { name, sha256: hash } of told) if (hash !== sha256(at(name))) t.fail(name);
});

t.test('ends at once, and tells nobody after', async (t) => {
  const { hashes, told, at, ask } = scene(t);
  writeFileSync(at('slow'), Buffer.alloc(16 * 1024 * 1024, 1));
  ask('slow');
  await sleep(30);
  await hashes.close();
  t.same(told, []);
  await sleep(50);
  t.same(told, []);
});
