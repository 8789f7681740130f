import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { tempFolder } from '../../temp.ts';
import { instanceName, modeOf, noKernelEvents, startKernel, tracefs, until } from './kernel-host.ts';

/** Processes from the kernel's own events, with real processes. */

const options = { skip: noKernelEvents };

t.test('a process that lives for a millisecond is told whole', options, async (t) => {
  const { got } = await startKernel(t);
  const before = got.of('process.start').length;
  const { pid, status } = spawnSync('/bin/sh', ['-c', 'exit 7']);
  const started = await got.until('process.start', (e) => e['process.pid'] === pid);
  t.ok(got.of('process.start').length > before);
  t.match(started, {
    'event.provider': 'tracefs',
    'process.name': 'sh',
    'process.command_line': '/bin/sh -c exit 7',
    'process.args_count': 3,
    'process.parent.pid': process.pid,
    'user.id': '0',
  });
  t.equal(started['event.baseline'], undefined);
  t.match(started['process.executable'], /^\/(usr\/)?bin\//);
  const ended = await got.until('process.end', (e) => e['process.pid'] === pid);
  t.equal(ended['process.entity_id'], started['process.entity_id']);
  t.equal(ended['process.start'], started['process.start']);
  t.equal(ended['process.exit_code'], status);
  t.ok(ended.time >= started.time, 'in order');
});

t.test('each of many has its own arguments, also without probes', options, async (t) => {
  for (const probes of [true, false]) {
    const { got, sensors } = await startKernel(t, [], { probes });
    const script = 'i=0; while [ $i -lt 300 ]; do /bin/echo "mark $i"; i=$((i + 1)); done';
    const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
    await once(child, 'exit');
    await got.until('process.end', (e) => e['process.pid'] === child.pid);
    const echoes = got.of('process.start').filter((e) => e['process.parent.pid'] === child.pid);
    t.equal(echoes.length, 300, `all seen, probes ${probes}`);
    t.equal(new Set(echoes.map((e) => e['process.entity_id'])).size, 300);
    const marks = echoes.map((e) => /mark (\d+)$/.exec(e['process.command_line'] ?? '')?.[1]);
    const known = marks.filter((mark) => mark !== undefined);
    t.equal(new Set(known).size, known.length, 'no mark twice');
    if (probes)
      t.same(
        marks.map(Number),
        Array.from({ length: 300 }, (_, i) => i),
        'each, in order',
      );
    const ends = () => got.of('process.end').filter((e) => e['process.parent.pid'] === child.pid);
    // A processor that the host of this machine holds up gives its record after those of the others.
    await until(() => ends().length >= 300, 'each has ended');
    t.equal(ends().length, 300);
    for (const sensor of sensors) await sensor.stop();
  }
});

t.test('programs that follow one another in one process are told apart', options, async (t) => {
  const { got } = await startKernel(t);
  const { pid } = spawnSync('/usr/bin/env', ['/bin/sh', '-c', 'exec /bin/sleep 0']);
  await got.until('process.end', (e) => e['process.pid'] === pid);
  const chain = got.of('process.start').filter((e) => e['process.pid'] === pid);
  t.same(
    chain.map((e) => [e['process.name'], e['process.command_line']]),
    [
      ['env', '/usr/bin/env /bin/sh -c exec /bin/sleep 0'],
      ['sh', '/bin/sh -c exec /bin/sleep 0'],
      ['sleep', '/bin/sleep 0'],
    ],
  );
  t.equal(new Set(chain.map((e) => e['process.entity_id'])).size, 1, 'one process');
});

t.test('a script is run by its interpreter, a link leads to its file', options, async (t) => {
  const { got } = await startKernel(t);
  const folder = tempFolder(t);
  const script = join(folder, 'script');
  writeFileSync(script, '#!/bin/sh\nexit 0\n');
  chmodSync(script, 0o755);
  const { pid } = spawnSync(script, ['given']);
  const started = await got.until('process.start', (e) => e['process.pid'] === pid);
  t.equal(started['process.command_line'], `/bin/sh ${script} given`);
  t.equal(started['process.executable'], execFileSync('readlink', ['-f', '/bin/sh']).toString().trim());
  const link = join(folder, 'link');
  symlinkSync('/bin/true', link);
  const other = spawnSync(link);
  const linked = await got.until('process.start', (e) => e['process.pid'] === other.pid);
  t.equal(linked['process.executable'], execFileSync('readlink', ['-f', '/bin/true']).toString().trim());
  t.equal(linked['process.name'], 'link');
});

t.test('a process that a signal ends says which, threads are no processes', options, async (t) => {
  const { got } = await startKernel(t);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await got.until('process.start', (e) => e['process.pid'] === child.pid);
  await until(() => readdirSync(`/proc/${child.pid}/task`).length > 3, 'its threads');
  const threads = readdirSync(`/proc/${child.pid}/task`).map(Number);
  child.kill('SIGKILL');
  const ended = await got.until('process.end', (e) => e['process.pid'] === child.pid);
  t.equal(ended['process.exit_code'], 128 + 9);
  await sleep(300);
  const others = threads.filter((tid) => tid !== child.pid);
  const told = [...got.of('process.start'), ...got.of('process.end'), ...got.of('process.fork')];
  t.same(
    told.filter((e) => others.includes(e['process.pid'])),
    [],
  );
  t.equal(got.of('process.end').filter((e) => e['process.pid'] === child.pid).length, 1);
});

t.test('a fork that runs no program is told of as that', options, async (t) => {
  const { got } = await startKernel(t);
  const child = spawn('/bin/sh', ['-c', '( : ; exit 5 ) & wait'], { stdio: 'ignore' });
  await once(child, 'exit');
  const forked = await got.until('process.fork', (e) => e['process.parent.pid'] === child.pid);
  const ended = await got.until('process.end', (e) => e['process.pid'] === forked['process.pid']);
  t.equal(ended['process.exit_code'], 5);
  t.equal(ended['process.entity_id'], forked['process.entity_id']);
  t.notOk(got.of('process.start').some((e) => e['process.pid'] === forked['process.pid']));
});

t.test('the parent is known though it has gone', options, async (t) => {
  const { got } = await startKernel(t);
  const folder = tempFolder(t);
  const script = `/bin/sh -c '/bin/sleep 0.3; /bin/true orphan > ${folder}/x' & exit 0`;
  spawnSync('/bin/sh', ['-c', script]);
  const orphan = await got.until('process.start', (e) => e['process.command_line'] === '/bin/true orphan');
  const parent = got
    .of('process.start')
    .find((e) => e['process.entity_id'] === orphan['process.parent.entity_id']);
  t.match(parent?.['process.command_line'], /sleep 0\.3/);
  const grandparent = got
    .of('process.start')
    .find((e) => e['process.entity_id'] === parent?.['process.parent.entity_id']);
  t.equal(grandparent?.['process.command_line'], `/bin/sh -c ${script}`);
});

t.test('hostile names and arguments are told as they are', options, async (t) => {
  const { got } = await startKernel(t);
  const folder = tempFolder(t);
  const names = ['new\nline', 'esc\u001b[31m', 'quote"\'', '  spaces  ', `${'\u{1F600}'.repeat(20)}`];
  for (const name of names) {
    copyFileSync('/bin/true', join(folder, name));
    const { pid } = spawnSync(join(folder, name), ['a\nb', '\u001b]0;x\u0007', '<script>']);
    const started = await got.until('process.start', (e) => e['process.pid'] === pid);
    t.equal(started['process.executable'], join(folder, name));
    t.equal(started['process.command_line'], `${join(folder, name)} a\nb \u001b]0;x\u0007 <script>`);
  }
  const long = 'x'.repeat(120_000);
  const args = Array.from({ length: 16 }, () => long);
  const { pid, status } = spawnSync('/bin/true', args);
  t.equal(status, 0, 'two megabytes of arguments');
  const huge = await got.until('process.start', (e) => e['process.pid'] === pid);
  t.equal(huge['process.name'], 'true');
  t.ok((huge['process.command_line'] ?? '').startsWith('/bin/true xxxx'));
  t.ok(
    huge['event.truncated']?.includes('process.command_line') ||
      (huge['process.command_line']?.length ?? 0) > 32_768,
  );
  const after = spawnSync('/bin/true', ['neighbour']);
  await got.until('process.start', (e) => e['process.pid'] === after.pid);
});

t.test('programs are hashed once', options, async (t) => {
  const { got } = await startKernel(t);
  const path = join(tempFolder(t), 'program');
  copyFileSync('/bin/true', path);
  const first = spawnSync(path);
  const hashed = await got.until('executable.hash', (e) => e['process.executable'] === path);
  const expected = execFileSync('sha256sum', [path]).toString().slice(0, 64);
  t.equal(hashed['process.hash.sha256'], expected);
  t.equal(hashed['process.pid'], first.pid);
  const { pid } = spawnSync(path);
  const again = await got.until('process.start', (e) => e['process.pid'] === pid);
  t.equal(again['process.hash.sha256'], expected);
  t.equal(got.of('executable.hash').filter((e) => e['process.executable'] === path).length, 1);
});

t.test('a hash is of the program it is told with, whatever the process runs next', options, async (t) => {
  const { got } = await startKernel(t);
  const folder = tempFolder(t);
  for (const name of ['one', 'two', 'three']) {
    copyFileSync('/usr/bin/env', join(folder, name));
    appendFileSync(join(folder, name), name);
  }
  const chain = ['one', 'two', 'three'].map((name) => join(folder, name));
  let told = 0;
  for (let round = 0; round < 8; round++) {
    const { pid } = spawnSync(chain[0] ?? '', [...chain.slice(1), '/bin/true']);
    await got.until('process.end', (e) => e['process.pid'] === pid);
    // The first round has them hashed; those after it can carry the hash.
    for (const path of round === 0 ? chain : []) {
      await got.until('executable.hash', (e) => e['process.executable'] === path);
    }
    for (const event of got.of('process.start').filter((e) => e['process.pid'] === pid)) {
      const { 'process.executable': path, 'process.hash.sha256': sha256 } = event;
      if (path === undefined || !chain.includes(path) || sha256 === undefined) continue;
      told++;
      t.equal(sha256, execFileSync('sha256sum', [path]).toString().slice(0, 64), path);
    }
    await sleep(50);
  }
  t.ok(told > 3, `${told} told with the start`);
  for (const event of got.of('executable.hash')) {
    const path = event['process.executable'] ?? '';
    if (!chain.includes(path)) continue;
    t.equal(event['process.hash.sha256'], execFileSync('sha256sum', [path]).toString().slice(0, 64), path);
  }
});

t.test(
  'a program of another mount namespace has not the hash of the file of that name here',
  { skip: noKernelEvents || !existsSync('/usr/bin/unshare') },
  async (t) => {
    const { got } = await startKernel(t);
    const folder = tempFolder(t);
    const path = join(folder, 'same');
    copyFileSync('/bin/true', path);
    copyFileSync('/bin/true', join(folder, 'other'));
    appendFileSync(join(folder, 'other'), 'another');
    const [here, there] = [path, join(folder, 'other')].map((one) =>
      execFileSync('sha256sum', [one]).toString().slice(0, 64),
    );
    const script = `mount --bind ${folder}/other ${path} && for i in 1 2 3 4 5 6 7 8; do ${path}; sleep 0.1; done`;
    const { status } = spawnSync('/usr/bin/unshare', ['--mount', '/bin/sh', '-c', script]);
    t.equal(status, 0);
    await sleep(500);
    const told = [...got.of('process.start'), ...got.of('executable.hash')];
    const ofPath = told.filter((e) => e['process.executable'] === path);
    t.ok(ofPath.length >= 8, 'each is told');
    const hashes = new Set(ofPath.map((e) => e['process.hash.sha256']));
    t.notOk(hashes.has(here), 'of the file here');
    t.comment(`its own: ${hashes.has(there)}`);
  },
);

t.test(
  'namespaces and users of a process',
  { skip: noKernelEvents || !existsSync('/usr/bin/unshare') },
  async (t) => {
    const { got } = await startKernel(t);
    const child = spawn('/usr/bin/unshare', ['--mount', '--net', '/bin/sleep', '30'], { stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    const started = await got.until(
      'process.start',
      (e) => e['process.pid'] === child.pid && e['process.name'] === 'sleep',
    );
    const kinds = (started['process.namespaces'] ?? []).map((name) => name.split(':')[0]);
    t.same(kinds.toSorted(), ['mnt', 'net']);
    t.ok(started['process.capabilities']?.includes('all'));
  },
);

t.test('what is overrun is counted as the kernel counts it, and made up for', options, async (t) => {
  const { got, instance } = await startKernel(t, [], { bufferKib: 256 });
  const kept = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => kept.kill('SIGKILL'));
  await got.until('process.start', (e) => e['process.pid'] === kept.pid);
  // This thread does not read while it runs the storm itself.
  const script =
    'i=0; while [ $i -lt 1500 ]; do /bin/true; i=$((i + 1)); done; /bin/sleep 60 > /dev/null & echo $!';
  const late = Number(spawnSync('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout);
  t.teardown(() => process.kill(late, 'SIGKILL'));
  const lostOf = () => got.of('loss').reduce((sum, e) => sum + e['loss.count'], 0);
  await got.until('loss', () => true);
  await until(() => lostOf() === overrunOf(instance), 'the same count');
  t.ok(lostOf() > 0, `${lostOf()} lost`);
  t.match(got.of('loss')[0], { 'loss.reason': 'sensor-overrun', 'loss.sensor': 'kernel' });
  await got.until('process.start', (e) => e['process.pid'] === late);
  kept.kill('SIGKILL');
  await got.until('process.end', (e) => e['process.pid'] === kept.pid);
});

function overrunOf(instance: string): number {
  let sum = 0;
  for (const name of [instance, `${instance}-exec`]) {
    const folder = join(tracefs, 'instances', name, 'per_cpu');
    for (const cpu of readdirSync(folder)) {
      const text = readFileSync(join(folder, cpu, 'stats'), 'utf8');
      for (const what of ['overrun', 'commit overrun', 'dropped events']) {
        sum += Number(new RegExp(`^${what}: (\\d+)`, 'm').exec(text)?.[1]);
      }
    }
  }
  return sum;
}

t.test('goes on by sampling when somebody turns its trace off', options, async (t) => {
  const { got, sensors, instance } = await startKernel(t);
  const folder = join(tracefs, 'instances', instance);
  writeFileSync(join(folder, 'tracing_on'), '0');
  await until(() => modeOf(sensors[0]) === 'sampled', 'sampled');
  const state = sensors[0]?.state();
  t.match(state?.status === 'running' && state.note, /turned its trace off/);
  t.notOk(existsSync(folder));
  const before = got.of('process.start').length;
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const started = await got.until('process.start', (e) => e['process.pid'] === child.pid);
  t.equal(started['event.provider'], 'procfs');
  t.equal(
    got
      .of('process.start')
      .slice(before)
      .filter((e) => e['event.baseline']).length,
    0,
    'nothing anew',
  );
});

t.test('a leftover is taken away, one in use is not', options, async (t) => {
  const instance = instanceName();
  const folder = join(tracefs, 'instances', instance);
  mkdirSync(folder);
  writeFileSync(join(folder, 'events/sched/sched_process_exec/enable'), '1');
  const { sensors } = await startKernel(t, [], { instance });
  const probes = () => readFileSync(join(tracefs, 'uprobe_events'), 'utf8');
  t.match(probes(), instance.replaceAll('-', '_'));
  const { createSensors } = await import('../../../agent/sensors/registry.ts');
  const [second] = createSensors({ trace: { instance } });
  const state = await second?.start(() => {});
  t.match(state?.status === 'running' && state.note, /in use/);
  t.equal(modeOf(second), 'sampled');
  await second?.stop();
  t.equal(modeOf(sensors[0]), 'kernel');
  for (const sensor of sensors) await sensor.stop();
  t.notOk(existsSync(folder));
  t.notOk(existsSync(`${folder}-exec`));
  t.notMatch(probes(), instance.replaceAll('-', '_'));
});

t.test('a name and an argument that are not UTF-8', options, async (t) => {
  const { got } = await startKernel(t);
  const folder = tempFolder(t);
  copyFileSync('/bin/true', Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x62, 0xff, 0xfe])]));
  const { pid, status } = spawnSync('/bin/sh', [
    '-c',
    `exec "$(printf '${folder}/b\\377\\376')" "$(printf '\\303(')"`,
  ]);
  t.equal(status, 0);
  await got.until('process.end', (e) => e['process.pid'] === pid);
  const started = got
    .of('process.start')
    .filter((e) => e['process.pid'] === pid)
    .at(-1);
  t.equal(started?.['process.name'], 'b\ufffd\ufffd');
  t.equal(started?.['process.executable'], `${folder}/b\ufffd\ufffd`);
  t.match(started?.['process.command_line'], /b\ufffd\ufffd \ufffd\($/);
  t.equal(started?.['process.args_count'], 2);
});
