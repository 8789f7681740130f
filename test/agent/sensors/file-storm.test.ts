import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import type { Collected } from './collected.ts';
import { FileScene, isFileEvent } from './file-watching.ts';

/** However much happens at once, what was told ends at what is there. */

const onLinux = process.platform === 'linux';

/** What a reader of the events takes to be there: hash and mode by path. */
function believed(got: Collected): Map<string, string> {
  const files = new Map<string, string>();
  for (const event of got.events.filter(isFileEvent)) {
    const path = event['file.path'];
    if (event.type === 'file.delete') files.delete(path);
    else files.set(path, `${event['file.type']} ${event['file.mode']} ${event['file.hash.sha256'] ?? ''}`);
    if (event.type === 'file.rename') files.delete(event['file.previous.path'] ?? '');
  }
  return files;
}

/** What a fresh look at the same host finds. */
async function there(scene: FileScene): Promise<Map<string, string>> {
  const sensor = (await scene.start({ baselinePath: undefined })).sensor;
  const events = await sensor.sample();
  await sensor.stop();
  const files = new Map<string, string>();
  for (const event of events.filter(isFileEvent)) {
    files.set(
      event['file.path'],
      `${event['file.type']} ${event['file.mode']} ${event['file.hash.sha256'] ?? ''}`,
    );
  }
  return files;
}

async function converges(scene: FileScene, got: Collected): Promise<string[]> {
  const endMs = Date.now() + 30_000;
  for (;;) {
    const [told, real] = [believed(got), await there(scene)];
    const apart = [...new Set([...told.keys(), ...real.keys()])].filter(
      (path) => told.get(path) !== real.get(path),
    );
    if (apart.length === 0 || Date.now() > endMs)
      return apart.map((path) => `${path}: ${told.get(path)}, really ${real.get(path)}`);
    await sleep(100);
  }
}

t.test('storms', { skip: !onLinux && 'Linux only' }, async (t) => {
  t.test('any row of changes', async (t) => {
    const names = ['a', 'b', 'sub', 'sub/a', 'sub/b', 'sub/deep', 'sub/deep/a'];
    const name = fc.constantFrom(...names);
    const change = fc.oneof(
      fc.record({ do: fc.constant('write' as const), name, text: fc.string({ maxLength: 5 }) }),
      fc.record({ do: fc.constant('mkdir' as const), name }),
      fc.record({ do: fc.constant('rm' as const), name }),
      fc.record({ do: fc.constant('chmod' as const), name, mode: fc.constantFrom(0o600, 0o755, 0o4711) }),
      fc.record({ do: fc.constant('rename' as const), name, to: name }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 30, 200) }),
    );
    const scene = new FileScene(t);
    const at = (name: string) => join(scene.host.path('etc/cron.d'), name);
    mkdirSync(at(''));
    const got = await scene.start();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 25 }), async (changes) => {
        for (const one of changes) {
          try {
            if (one.do === 'write') writeFileSync(at(one.name), one.text);
            else if (one.do === 'mkdir') mkdirSync(at(one.name), { recursive: true });
            else if (one.do === 'rm') rmSync(at(one.name), { recursive: true });
            else if (one.do === 'chmod') chmodSync(at(one.name), one.mode);
            else if (one.do === 'rename') renameSync(at(one.name), at(one.to));
            else await sleep(one.ms);
          } catch {
            // A change that cannot be made is no change.
          }
        }
        const apart = await converges(scene, got);
        if (apart.length > 0) throw new Error(apart.join('\n'));
      }),
      { numRuns: 15, endOnFailure: true },
    );
    t.same(got.faults, []);
  });

  t.test('thousands of files in a moment', async (t) => {
    const scene = new FileScene(t);
    mkdirSync(scene.host.path('etc/cron.d'));
    const got = await scene.start();
    for (let i = 0; i < 6000; i++) writeFileSync(scene.host.path(`etc/cron.d/file${i}`), String(i));
    t.same(await converges(scene, got), []);
    t.equal(
      got.of('file.create').filter((event) => event['event.baseline'] !== true).length,
      6000,
      'each once',
    );
    rmSync(scene.host.path('etc/cron.d'), { recursive: true });
    t.same(await converges(scene, got), []);
  });

  t.test('a file that never rests is told from time to time, and last as it is', async (t) => {
    const scene = new FileScene(t);
    scene.host.write('etc/crontab', '');
    const got = await scene.start();
    const endMs = Date.now() + 1500;
    let writes = 0;
    while (Date.now() < endMs) {
      appendFileSync(scene.host.path('etc/crontab'), 'x');
      if (++writes % 50 === 0) await sleep(1);
    }
    t.same(await converges(scene, got), []);
    const told = got.of('file.change').length;
    t.ok(told > 0 && told * 10 < writes, `${told} events of ${writes} writes`);
  });
});

/** Runs a script in a user namespace that may have so many inotify watches; undefined where that is not possible. */
function withWatches(count: number, script: string): string | undefined {
  const limit = '/proc/sys/user/max_inotify_watches';
  const probe = spawnSync('unshare', ['-Ur', 'sh', '-c', `echo ${count} > ${limit}`]);
  if (probe.status !== 0) return undefined;
  const shell = `echo ${count} > ${limit}; exec "$0" --input-type=module-typescript -e "$1" "$2"`;
  const run = spawnSync(
    'unshare',
    ['-Ur', 'sh', '-c', shell, process.execPath, script, import.meta.dirname],
    {
      encoding: 'utf8',
    },
  );
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout;
}

const exhausted = `
const { FileScene } = await import(process.argv[1] + '/file-watching.ts');
const ends = [];
const scene = new FileScene({ teardown: (end) => ends.push(end) });
for (let i = 0; i < 12; i++) scene.host.write('etc/cron.d/folder' + i + '/file', 'old');
const got = await scene.start({}, 100);
for (let i = 0; i < 12; i++) {
  scene.host.write('etc/cron.d/folder' + i + '/file', 'new!');
  scene.host.write('etc/cron.d/folder' + i + '/sub/inner', '');
}
for (let i = 0; i < 12; i++) {
  await scene.until(got, 'change etc/cron.d/folder' + i + '/file content,size');
  await scene.until(got, 'create etc/cron.d/folder' + i + '/sub/inner');
}
const state = got.sensor.state();
const providers = [...new Set(got.events.map((event) => event['event.provider']))];
const since = got.events.filter((event) => event.type === 'file.change').every((event) => event['event.provider'] !== 'scan' || event['file.since'] > 0);
for (const end of ends) await end();
console.log(JSON.stringify({ state, providers, since, faults: got.faults }));
`;

t.test('a full table of watches', { skip: !onLinux && 'Linux only' }, async (t) => {
  const output = withWatches(6, exhausted);
  if (output === undefined) {
    t.pass('user namespaces are not to be had here');
    return;
  }
  const { state, providers, since, faults } = JSON.parse(output);
  t.equal(state.mode, 'sampled');
  t.match(state.note, /cannot be watched: \d+ \(ENOSPC\)/);
  t.ok(providers.includes('scan'), providers.join());
  t.ok(since);
  t.same(faults, []);
});
