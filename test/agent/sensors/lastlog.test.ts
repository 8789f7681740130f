import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { UserNames } from '../../../agent/sensors/linux/user-names.ts';
import { LastLog } from '../../../agent/sensors/login/lastlog.linux.ts';
import { tempFolder } from '../../temp.ts';

function record(seconds: number, line: string, host: string): Buffer {
  const bytes = Buffer.alloc(292);
  bytes.writeUInt32LE(seconds, 0);
  bytes.write(line, 4, 32);
  bytes.write(host, 36, 256);
  return bytes;
}

function fileOf(records: Readonly<Record<number, Buffer>>): Buffer {
  const last = Math.max(...Object.keys(records).map(Number));
  const file = Buffer.alloc((last + 1) * 292);
  for (const [id, bytes] of Object.entries(records)) bytes.copy(file, Number(id) * 292);
  return file;
}

t.test('the last login of each user, then new ones where nothing else tells them', async (t) => {
  const root = tempFolder(t);
  const path = join(root, 'lastlog');
  mkdirSync(join(root, 'etc'));
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n',
  );
  const ada = record(1_700_000_000, 'pts/0', '10.0.0.7');
  writeFileSync(path, fileOf({ 0: record(1_600_000_000, 'tty1', ''), 1000: ada }));
  const lastLog = new LastLog(path, new UserNames(join(root, 'etc')));
  let seen: AnyEvent[] = [];
  const look = (covered: boolean, mtime?: number) => {
    if (mtime !== undefined) utimesSync(path, mtime, mtime);
    seen = [];
    lastLog.look((event) => seen.push(event), covered);
    return seen;
  };
  t.match(look(true), [
    {
      'user.name': 'root',
      time: 1.6e15,
      'process.tty': 'tty1',
      'event.baseline': true,
      'log.source': 'lastlog',
    },
    { 'user.name': 'ada', time: 1.7e15, 'source.ip': '10.0.0.7', 'event.baseline': true },
  ]);
  t.equal(look(false).length, 0, 'nothing new');
  writeFileSync(
    path,
    fileOf({ 0: record(1_600_000_000, 'tty1', ''), 1001: record(1_700_000_500, 'pts/1', 'gate.example') }),
  );
  const told = look(false, 5);
  t.match(told, [{ 'user.name': 'bob', 'source.domain': 'gate.example', 'event.action': 'login' }]);
  t.equal(told[0]?.['event.baseline'], undefined);
  writeFileSync(path, fileOf({ 1000: record(1_700_000_900, 'pts/0', '') }));
  t.equal(look(true, 6).length, 0, 'another source tells it');
  writeFileSync(path, Buffer.from('short'));
  t.equal(look(false, 7).length, 0, 'a half-written file');
  t.equal(lastLog.present, true);
});

t.test('no file, no right', async (t) => {
  const root = tempFolder(t);
  const lastLog = new LastLog(join(root, 'none'), new UserNames(root));
  lastLog.look(() => t.fail('nothing to tell'), false);
  t.equal(lastLog.present, false);
});
