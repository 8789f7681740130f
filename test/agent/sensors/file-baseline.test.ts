import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { Baseline } from '../../../agent/sensors/file/baseline.ts';
import { factsOf, type KnownFile } from '../../../agent/sensors/file/facts.ts';
import { nameOfBytes } from '../../../agent/sensors/file/names.ts';
import { makeTempFolder } from '../../temp.ts';
import { type FileEvent, FileScene } from './file-watching.ts';

/** The baseline outlives the agent, and damage and full disks do not reach the sensor. */

const onLinux = process.platform === 'linux';

function folder(t: { teardown(fn: () => void): void }): string {
  const made = makeTempFolder('vedette-baseline-');
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const file: KnownFile = {
  kind: 'file',
  sizeBytes: 3,
  mode: 0o644,
  uid: 1,
  gid: 2,
  inode: '18446744073709551615',
  modifiedAt: 1_700_000_000_123_456,
  stamp: 'a',
  settled: true,
  identity: 'b',
  target: undefined,
  hash: 'ab',
};

t.test('keeps what it is given, under any name', async (t) => {
  const path = join(folder(t), 'files.db');
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .map((bytes) => nameOfBytes(bytes.filter((byte) => byte !== 0x2f)));
  const known = new Map<string, KnownFile>();
  let baseline = new Baseline(path, 2000);
  fc.assert(
    fc.property(name, name, fc.nat(), (folder, name, sizeBytes) => {
      const at = `/${folder}/${name}`;
      known.set(at, { ...file, sizeBytes });
      return baseline.put(at, { ...file, sizeBytes });
    }),
  );
  baseline.tend(true);
  baseline.close();
  baseline = new Baseline(path, 2000);
  t.ok(baseline.complete);
  t.ok((baseline.aliveAt ?? 0) > 1.7e15);
  t.equal(baseline.count, known.size);
  for (const [at, one] of known) t.same(baseline.get(at), one);
  const found = baseline.folders().flatMap((folder) => [...baseline.children(folder).keys()]);
  t.equal(found.length, known.size);
  for (const at of known.keys()) baseline.remove(at);
  t.equal(baseline.count, 0);
  baseline.close();
});

t.test('whatever stands in its file, it opens and works', async (t) => {
  const at = folder(t);
  const whole = join(at, 'whole.db');
  const made = new Baseline(whole, 2000);
  for (let i = 0; i < 500; i++) made.put(`/folder${i % 9}/file${i}`, { ...file, identity: 'x'.repeat(100) });
  made.tend(true);
  made.close();
  const bytes = readFileSync(whole);
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }).map((all) => Buffer.from(all)),
    fc.nat(bytes.length).map((length) => bytes.subarray(0, length)),
    fc
      .tuple(fc.nat(bytes.length - 200), fc.uint8Array({ minLength: 1, maxLength: 200 }))
      .map(([start, patch]) => {
        const copy = Buffer.from(bytes);
        copy.set(patch, start);
        return copy;
      }),
  );
  let setAside = 0;
  fc.assert(
    fc.property(damaged, (content) => {
      const inner = makeTempFolder('vedette-damaged-');
      try {
        const path = join(inner, 'files.db');
        writeFileSync(path, content);
        const baseline = new Baseline(path, 2000);
        for (const folder of baseline.folders()) baseline.children(folder);
        baseline.put('/a/b', file);
        baseline.tend(true);
        const kept = baseline.get('/a/b')?.hash === 'ab';
        if (baseline.note()?.includes('damaged') === true) setAside++;
        baseline.close();
        const again = new Baseline(path, 2000);
        const stays = again.get('/a/b')?.hash === 'ab';
        again.close();
        return kept && stays;
      } finally {
        rmSync(inner, { recursive: true });
      }
    }),
    { numRuns: 150 },
  );
  t.ok(setAside > 20, `${setAside} set aside`);
});

t.test('damage while it runs', async (t) => {
  const path = join(folder(t), 'files.db');
  const baseline = new Baseline(path, 2000);
  for (let i = 0; i < 3000; i++)
    baseline.put(`/folder${i % 9}/file${i}`, { ...file, identity: 'x'.repeat(200) });
  baseline.tend(true);
  baseline.close();
  const again = new Baseline(path, 2000);
  writeFileSync(path, Buffer.alloc(readFileSync(path).length, 0x55));
  for (let i = 0; i < 3000; i++) {
    const at = `/folder${i % 9}/file${i}`;
    t.doesNotThrow(() => again.get(at));
    again.put(at, file);
  }
  t.match(again.note(), /memory only/);
  t.ok(again.wiped);
  t.same(again.get('/folder1/file2998'), file);
  again.close();
});

t.test(
  'damage while the sensor runs: what is there is told as a baseline again',
  { skip: !onLinux && 'Linux only' },
  async (t) => {
    const scene = new FileScene(t);
    const got = await scene.start({}, 50);
    const count = got.events.length;
    const path = scene.host.path('files.db');
    // What is not yet committed would be written over the damage.
    while (existsSync(`${path}-journal`) && readFileSync(`${path}-journal`).length > 0) await sleep(50);
    writeFileSync(path, Buffer.alloc(readFileSync(path).length, 0x55));
    scene.host.write('etc/crontab', '');
    await got.until('file.create', (event) => scene.short(event) === 'create etc/crontab');
    const endMs = Date.now() + 30_000;
    while (got.events.length < 2 * count && Date.now() < endMs) await sleep(20);
    const again = got.events
      .slice(count)
      .filter((event) => !scene.short(event as FileEvent).includes('crontab'));
    t.equal(again.length, count);
    t.ok(again.every((event) => event['event.baseline'] === true));
    t.match(got.sensor.state(), { status: 'running', note: /memory only/ });
  },
);

t.test('a schema of tomorrow is left alone', async (t) => {
  const path = join(folder(t), 'files.db');
  const db = new Database(path);
  db.pragma('user_version = 99');
  db.close();
  const baseline = new Baseline(path, 2000);
  t.match(baseline.note(), /newer/);
  t.ok(baseline.put('/a/b', file));
  t.same(baseline.get('/a/b'), file);
  baseline.close();
});

/** A file system of 128 KiB of its own. */
function smallDisk(t: { teardown(fn: () => void): void }): string | undefined {
  const at = folder(t);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'vedette-test', at]).status !== 0)
    return undefined;
  t.teardown(() => {
    spawnSync('umount', ['-l', at]);
  });
  return at;
}

t.test('a full disk', async (t) => {
  const disk = smallDisk(t);
  if (disk === undefined) {
    t.pass('needs the right to mount');
    return;
  }
  const path = join(disk, 'files.db');
  const baseline = new Baseline(path, 2000);
  const put = (i: number) =>
    baseline.put(`/folder${i % 9}/file${i}`, { ...file, sizeBytes: i, identity: 'x'.repeat(300) });
  for (let i = 0; i < 2000; i++) t.ok(put(i));
  t.match(baseline.note(), /memory only: .*full/);
  for (let i = 0; i < 2000; i++) put(i);
  for (let i = 0; i < 2000; i++)
    if (baseline.get(`/folder${i % 9}/file${i}`)?.sizeBytes !== i) t.fail(`file ${i}`);
  baseline.tend(true);
  t.ok(baseline.complete);
  baseline.close();
});

t.test('changes made while the agent was down', { skip: !onLinux && 'Linux only' }, async (t) => {
  const scene = new FileScene(t);
  const { host } = scene;
  for (const name of ['a', 'b', 'c', 'd']) host.write(`etc/cron.d/${name}`, name);
  host.write('etc/init.d/gone/inner', 'x');
  const first = await scene.start();
  t.equal(first.of('file.create').filter((event) => event['event.baseline'] === true).length, 11);
  await first.sensor.stop();

  const same = await scene.start();
  t.same(same.events, [], 'nothing happened');
  await same.sensor.stop();

  const before = Date.now() * 1000;
  host.write('etc/cron.d/a', 'A');
  chmodSync(host.path('etc/cron.d/b'), 0o600);
  renameSync(host.path('etc/cron.d/c'), host.path('etc/cron.d/e'));
  rmSync(host.path('etc/cron.d/d'));
  rmSync(host.path('etc/init.d'), { recursive: true });
  host.write('etc/cron.daily/new', '');
  const got = await scene.start();
  t.same(
    new Set(scene.told(got)),
    new Set([
      'change etc/cron.d/a content',
      'change etc/cron.d/b mode',
      'rename etc/cron.d/e from etc/cron.d/c',
      'delete etc/cron.d/d',
      'delete etc/init.d',
      'delete etc/init.d/gone',
      'delete etc/init.d/gone/inner',
      'create etc/cron.daily',
      'create etc/cron.daily/new',
    ]),
  );
  for (const event of got.events) {
    t.equal(event['event.provider'], 'restart');
    t.not(event['event.baseline'], true);
    const { 'file.since': since } = event as { 'file.since'?: number };
    t.ok(since !== undefined && since <= before + 1000 && since > before - 60_000_000, 'and since when');
  }
  t.equal(got.events.length, 9);
});

t.test('a lost baseline is begun anew and said', { skip: !onLinux && 'Linux only' }, async (t) => {
  const scene = new FileScene(t);
  const first = await scene.start();
  await first.sensor.stop();
  writeFileSync(
    scene.host.path('files.db'),
    'not a database at all, but long enough to be taken for one'.repeat(50),
  );
  const got = await scene.start();
  t.match(got.state, { status: 'running', note: /damaged baseline was moved to .*files\.db\.corrupt-/ });
  t.ok(got.events.length > 0 && got.events.every((event) => event['event.baseline'] === true));
  t.equal(readdirSync(scene.host.root).filter((name) => name.startsWith('files.db.corrupt-')).length, 1);
});

t.test(
  'what is no longer asked for is forgotten without a word',
  { skip: !onLinux && 'Linux only' },
  async (t) => {
    const scene = new FileScene(t);
    mkdirSync(scene.host.path('srv'));
    scene.host.write('srv/x', '');
    const first = await scene.start({ paths: [`${scene.host.root}/srv/*`] });
    t.ok(first.of('file.create').some((event) => event['file.name'] === 'x'));
    await first.sensor.stop();
    const second = await scene.start();
    t.same(second.events, []);
    await second.sensor.stop();
    scene.host.remove('srv/x');
    const third = await scene.start({ paths: [`${scene.host.root}/srv/*`] });
    t.same(third.events, []);
  },
);

t.test('facts of what cannot be there', async (t) => {
  t.equal(factsOf('/nonexistent/a'), undefined);
  t.equal(factsOf(`/${'x'.repeat(5000)}`), undefined);
  t.equal(factsOf('/etc/passwd/x'), undefined);
});
