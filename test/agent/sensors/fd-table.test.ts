import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { calmPerUpdate, FdTable } from '../../../agent/sensors/linux/fd-table.ts';
import { settingsOf } from '../../../agent/sensors/options.ts';

/** Which process holds which socket, with a real one. */

const skip =
  process.platform !== 'linux' ? 'Linux only' : spawnSync('perl', ['-v']).error ? 'needs perl' : false;

/** Longer than the rest after a walk of a few descriptors. */
const restMs = 50;

t.test('a socket in place of a file, while the process is new', { skip }, async (t) => {
  // One descriptor goes and another comes: their number stays.
  const code =
    'use Socket; open(my $f, "<", "/dev/null"); $| = 1; print "file\\n"; <STDIN>; close $f; socket(my $s, AF_INET, SOCK_STREAM, 0); print "socket\\n"; <STDIN>;';
  const pids = [process.pid];
  const table = new FdTable(settingsOf({}), () => pids);
  table.update();
  const child = spawn('perl', ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { pid = -1 } = child;
  await once(child.stdout, 'data');
  pids.push(pid);
  const count = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = count();
  table.update();
  child.stdin.write('\n');
  await once(child.stdout, 'data');
  t.equal(count(), before, 'as many as before');
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const sockets = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []).map(Number);
  const unknown = sockets.filter((inode) => table.ownerOf(inode) === undefined);
  t.equal(unknown.length, 1, 'the new one is not known yet');
  await sleep(restMs);
  table.update();
  t.equal(table.ownerOf(unknown[0] ?? -1), pid);
  child.stdin.end();
  await once(child, 'exit');
  pids.pop();
  table.update();
  t.equal(table.ownerOf(unknown[0] ?? -1), undefined, 'and forgotten with its process');
});

/** Inode of the socket that Perl made; its standard streams are sockets too, with lower descriptors. */
function newSocketOf(pid: number): number {
  const fds = readdirSync(`/proc/${pid}/fd`)
    .map(Number)
    .sort((a, b) => b - a);
  const links = fds.map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return Number(
    links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]).find((inode) => inode !== undefined),
  );
}

/** More than have their turn in one update. */
const calmProcesses = 130;

t.test('calm processes take turns, and none is forgotten', { skip }, async (t) => {
  const code =
    'use Socket; print "ready\\n"; <STDIN>; socket(my $s, AF_INET, SOCK_STREAM, 0); print "socket\\n"; <STDIN>;';
  const sleepers = Array.from({ length: calmProcesses - 1 }, () =>
    spawn('sleep', ['600'], { stdio: 'ignore' }),
  );
  const child = spawn('perl', ['-e', `$| = 1; ${code}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => {
    for (const one of [...sleepers, child]) one.kill('SIGKILL');
  });
  const { pid = -1 } = child;
  const before = [pid, ...sleepers.map((one) => one.pid ?? -1)];
  const younger = spawn('perl', ['-e', `$| = 1; ${code}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => younger.kill('SIGKILL'));
  await Promise.all([child, younger].map((one) => once(one.stdout, 'data')));
  const pids = [...before];
  const table = new FdTable(settingsOf({}), () => pids);
  table.update();
  // It came when the others were there already, so it is not known to be calm.
  pids.push(younger.pid ?? -1);
  table.update('due');
  for (const one of [child, younger]) {
    one.stdin.write('\n');
    await once(one.stdout, 'data');
  }
  const own = newSocketOf(pid);
  const youngers = newSocketOf(younger.pid ?? -1);
  await sleep(restMs);
  table.update('due');
  t.equal(table.ownerOf(youngers), younger.pid, 'a new one is looked at in each');
  t.equal(table.ownerOf(own), undefined, 'a calm one is not: it had its turn in the one before');
  for (let update = 2; update < Math.ceil(calmProcesses / calmPerUpdate) + 1; update++) table.update('due');
  t.equal(table.ownerOf(own), pid, 'but when its turn comes');
});
