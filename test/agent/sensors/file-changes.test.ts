import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { fileSensor } from '../../../agent/sensors/file/index.ts';
import { settingsOf } from '../../../agent/sensors/options.ts';
import { sharedViews } from '../../../agent/sensors/shared-views.ts';
import { Collected } from './collected.ts';
import { FileScene } from './file-watching.ts';

/** What a real kernel tells of real files, through the watches alone: no look falls within these tests. */

const onLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function begun(t: Test) {
  const scene = new FileScene(t);
  scene.host.write('etc/crontab', 'one\n');
  const got = await scene.start();
  return { scene, got, at: (name: string) => scene.host.path(name) };
}

t.test('file sensor', { skip: !onLinux && 'Linux only' }, async (t) => {
  t.test('what is there is the baseline', async (t) => {
    const { scene, got } = await begun(t);
    t.match(got.state, { status: 'running', mode: 'kernel' });
    t.same(got.faults, []);
    const paths = got
      .of('file.create')
      .map((event) => [scene.short(event), event['file.watch'], event['event.baseline']]);
    t.same(paths.sort(), [
      ['create etc/crontab', 'persistence', true],
      ['create etc/group', 'credentials', true],
      ['create etc/passwd', 'credentials', true],
      ['create home/ann/.bashrc', 'persistence', true],
    ]);
  });

  t.test('content, with hashes before and after', async (t) => {
    const { scene, got, at } = await begun(t);
    appendFileSync(at('etc/crontab'), 'two\n');
    t.match(await scene.until(got, 'change etc/crontab content,size'), {
      'event.provider': 'inotify',
      'file.hash.sha256': sha256('one\ntwo\n'),
      'file.previous.hash.sha256': sha256('one\n'),
      'file.size': 8,
      'file.previous.size': 4,
      'file.mode': '0644',
      'file.type': 'file',
      'file.since': undefined,
    });
    t.equal(scene.told(got).length, 1);
  });

  t.test('content of the same length under a forged time', async (t) => {
    const { scene, got, at } = await begun(t);
    utimesSync(at('etc/crontab'), 1, 1);
    writeFileSync(at('etc/crontab'), 'ONE\n');
    utimesSync(at('etc/crontab'), 1, 1);
    t.match(await scene.until(got, 'change etc/crontab content'), { 'file.hash.sha256': sha256('ONE\n') });
  });

  t.test('mode, and owner and group', { skip: !isRoot && 'needs root' }, async (t) => {
    const { scene, got, at } = await begun(t);
    chmodSync(at('etc/crontab'), 0o4777);
    t.match(await scene.until(got, 'change etc/crontab mode'), {
      'file.mode': '4777',
      'file.previous.mode': '0644',
    });
    chownSync(at('home/ann/.bashrc'), 1000, 7);
    t.match(await scene.until(got, 'change home/ann/.bashrc owner,group'), {
      'file.uid': '1000',
      'file.owner': 'ann',
      'file.gid': '7',
      'file.group': undefined,
      'file.previous.uid': '0',
      'file.previous.gid': '0',
    });
  });

  t.test('a folder that was not there, and what is in it at once', async (t) => {
    const { scene, got, at } = await begun(t);
    mkdirSync(at('etc/systemd/system/evil.service.d'), { recursive: true });
    writeFileSync(at('etc/systemd/system/evil.service.d/x.conf'), '[Service]\n');
    await scene.until(got, 'create etc/systemd/system');
    await scene.until(got, 'create etc/systemd/system/evil.service.d/x.conf');
    writeFileSync(at('etc/systemd/system/evil.service.d/y.conf'), '');
    await scene.until(got, 'create etc/systemd/system/evil.service.d/y.conf');
    chmodSync(at('etc/systemd/system'), 0o777);
    await scene.until(got, 'change etc/systemd/system mode');
    rmSync(at('etc/systemd'), { recursive: true });
    for (const path of ['', '/evil.service.d', '/evil.service.d/x.conf', '/evil.service.d/y.conf']) {
      await scene.until(got, `delete etc/systemd/system${path}`);
    }
    writeFileSync(at('etc/ld.so.preload'), '/tmp/evil.so\n');
    await scene.until(got, 'create etc/ld.so.preload');
    t.same(got.faults, []);
  });

  t.test('renames, within a folder, between folders, and of a folder', async (t) => {
    const { scene, got, at } = await begun(t);
    mkdirSync(at('etc/cron.d'));
    writeFileSync(at('etc/cron.d/a'), 'a');
    await scene.until(got, 'create etc/cron.d/a');
    renameSync(at('etc/cron.d/a'), at('etc/cron.d/b'));
    await scene.until(got, 'rename etc/cron.d/b from etc/cron.d/a');
    renameSync(at('etc/cron.d/b'), at('home/ann/.profile'));
    await scene.until(got, 'rename home/ann/.profile from etc/cron.d/b');
    renameSync(at('home/ann/.profile'), at('etc/cron.d/c'));
    await scene.until(got, 'rename etc/cron.d/c from home/ann/.profile');
    renameSync(at('etc/cron.d'), at('etc/cron.daily'));
    await scene.until(got, 'rename etc/cron.daily from etc/cron.d');
    await scene.until(got, 'rename etc/cron.daily/c from etc/cron.d/c');
    renameSync(at('etc/cron.daily/c'), at('elsewhere'));
    await scene.until(got, 'delete etc/cron.daily/c');
    t.notOk(
      scene
        .told(got)
        .some((text) => text.startsWith('delete etc/cron.d') && !text.startsWith('delete etc/cron.daily/c')),
    );
  });

  t.test('replaced by a rename over it, as programs do', async (t) => {
    const { scene, got, at } = await begun(t);
    writeFileSync(at('etc/passwd.new'), 'root:x:0:0::/root:/bin/sh\n');
    renameSync(at('etc/passwd.new'), at('etc/passwd'));
    await scene.until(got, 'change etc/passwd content,size');
    t.equal(scene.told(got).length, 1);
  });

  t.test('symbolic links are told and not followed', async (t) => {
    const { scene, got, at } = await begun(t);
    mkdirSync(at('outside'));
    symlinkSync(at('outside'), at('home/ann/.ssh'));
    t.match(await scene.until(got, 'create home/ann/.ssh'), {
      'file.type': 'symlink',
      'file.target_path': at('outside'),
    });
    writeFileSync(at('outside/id_rsa'), 'x');
    symlinkSync('other', at('home/ann/.ssh2'));
    renameSync(at('home/ann/.ssh2'), at('home/ann/.ssh'));
    t.match(await scene.until(got, 'change home/ann/.ssh target'), {
      'file.target_path': 'other',
      'file.previous.target_path': at('outside'),
    });
    t.notOk(scene.told(got).some((text) => text.includes('id_rsa')));
  });

  t.test('what comes and goes at once is told', async (t) => {
    const { scene, got, at } = await begun(t);
    writeFileSync(at('etc/rc.local'), 'x');
    rmSync(at('etc/rc.local'));
    await scene.until(got, 'create etc/rc.local');
    await scene.until(got, 'delete etc/rc.local');
  });

  t.test('hostile names', async (t) => {
    const { scene, got, at } = await begun(t);
    mkdirSync(at('etc/cron.d'));
    await scene.until(got, 'create etc/cron.d');
    const names = [
      'a\nb',
      '\u001b[2J\u001b]0;x\u0007',
      ' ',
      '-rf',
      '__proto__',
      '\u202Eexe',
      'x'.repeat(255),
      '*',
      '%s%n',
    ];
    for (const name of names) writeFileSync(at(`etc/cron.d/${name}`), '');
    for (const name of names) await scene.until(got, `create etc/cron.d/${name}`);
    const raw = (...bytes: number[]) => Buffer.concat([Buffer.from(at('etc/cron.d/')), Buffer.from(bytes)]);
    writeFileSync(raw(0xff, 0x0a), '1');
    writeFileSync(raw(0xfe, 0x0a), '22');
    t.match(await scene.until(got, 'create etc/cron.d/\\xff\n'), { 'file.hash.sha256': sha256('1') });
    t.match(await scene.until(got, 'create etc/cron.d/\\xfe\n'), { 'file.hash.sha256': sha256('22') });
    rmSync(raw(0xff, 0x0a));
    await scene.until(got, 'delete etc/cron.d/\\xff\n');
    t.same(got.faults, []);
  });

  t.test('temporary folders: only what may be executed', async (t) => {
    const { scene, got, at } = await begun(t);
    mkdirSync(at('tmp/folder'), { recursive: true });
    writeFileSync(at('tmp/notes'), 'x');
    writeFileSync(at('tmp/run'), '#!/bin/sh\n', { mode: 0o755 });
    await scene.until(got, 'create tmp/run');
    chmodSync(at('tmp/notes'), 0o700);
    await scene.until(got, 'create tmp/notes');
    chmodSync(at('tmp/notes'), 0o600);
    await scene.until(got, 'change tmp/notes mode');
    rmSync(at('tmp/notes'));
    rmSync(at('tmp/run'));
    await scene.until(got, 'delete tmp/run');
    t.equal(scene.told(got).length, 4);
  });

  t.test('a larger file is hashed in the background, one that is too large not at all', async (t) => {
    const scene = new FileScene(t);
    const text = 'y'.repeat(300_000);
    scene.host.write('etc/crontab', text);
    const got = await scene.start({ hashMaxBytes: 400_000, hashBytesPerSecond: 10_000_000 });
    const first = await got.until('file.create', (event) => event['file.name'] === 'crontab');
    t.equal(first['file.hash.sha256'], sha256(text));
    t.equal(first['event.baseline'], true);
    scene.host.write('etc/crontab', `${text}z`);
    t.match(await scene.until(got, 'change etc/crontab content,size'), {
      'file.hash.sha256': sha256(`${text}z`),
      'file.previous.hash.sha256': sha256(text),
    });
    scene.host.append('etc/crontab', text);
    t.match(await scene.until(got, 'change etc/crontab content,size'), {});
    await got.until('file.change', (event) => event['file.hash.sha256'] === undefined);
  });

  t.test('named paths and excludes', async (t) => {
    const scene = new FileScene(t);
    const at = (name: string) => scene.host.path(name);
    mkdirSync(at('srv/www/cache'), { recursive: true });
    const got = await scene.start({
      paths: [at('srv/www/**')],
      excludes: [at('srv/www/cache'), at('etc/cron*')],
    });
    writeFileSync(at('etc/crontab'), '');
    writeFileSync(at('srv/www/cache/x'), '');
    writeFileSync(at('srv/www/shell.php'), '');
    t.match(await scene.until(got, 'create srv/www/shell.php'), { 'file.watch': 'custom' });
    writeFileSync(at('etc/hosts'), '');
    await scene.until(got, 'create etc/hosts');
    t.equal(scene.told(got).length, 2);
  });

  t.test('homes: of who can log in, as users come, and none of other hosts', async (t) => {
    const scene = new FileScene(t);
    const { host } = scene;
    host.write('proc/self/mountinfo', `1 0 0:1 / ${host.path('home/far')} rw - nfs4 server:/far rw\n`);
    const line = (name: string, shell = '/bin/sh') => `${name}:x:1:1::/home/${name}:${shell}\n`;
    host.write('etc/passwd', line('ann') + line('far') + line('mail', '/usr/sbin/nologin'));
    for (const name of ['far', 'mail', 'new']) host.write(`home/${name}/.bashrc`, name);
    const got = await scene.start({}, 50);
    t.match(got.state, { note: /1 homes are on file systems of other hosts/ });
    const homes = () =>
      got
        .of('file.create')
        .map((event) => scene.short(event))
        .filter((text) => text.includes('home/'));
    t.same(homes(), ['create home/ann/.bashrc']);
    host.write('etc/passwd', line('ann') + line('new'));
    await got.until('file.create', (event) => scene.short(event) === 'create home/new/.bashrc');
    host.write('home/new/.ssh/authorized_keys', 'key');
    await scene.until(got, 'create home/new/.ssh/authorized_keys');
  });

  t.test('the process that did it, where somebody knows', async (t) => {
    const scene = new FileScene(t);
    const writer = {
      pid: 77,
      entityId: 'e77',
      startAt: 1,
      startTicks: undefined,
      name: 'dropper',
      executable: '/tmp/dropper',
      commandLine: '/tmp/dropper -x',
      commandLineCut: false,
      parentPid: 1,
      parent: undefined,
      userId: '1000',
      userName: 'ann',
      sessionId: undefined,
      tty: undefined,
      surroundings: undefined,
      kernelThread: false,
      untold: false,
    };
    const settings = settingsOf({ ...scene.host.options, intervalMs: { file: 3_600_000 } });
    const views = sharedViews(settings);
    const asked: string[] = [];
    views.writerOf = (path) => {
      asked.push(path);
      return path.endsWith('crontab') ? writer : undefined;
    };
    const sensor = fileSensor(settings, views);
    const got = Object.assign(new Collected(), { sensor });
    await sensor.start(got.emit);
    t.teardown(() => sensor.stop());
    t.same(asked, [], 'nobody wrote the baseline');
    scene.host.write('etc/crontab', '');
    t.match(await scene.until(got, 'create etc/crontab'), {
      'process.pid': 77,
      'process.entity_id': 'e77',
      'process.executable': '/tmp/dropper',
      'process.command_line': '/tmp/dropper -x',
      'user.name': 'ann',
    });
    scene.host.write('etc/hosts', '');
    t.match(await scene.until(got, 'create etc/hosts'), { 'process.pid': undefined });
    t.same(got.faults, []);
  });
});
