import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { FdTable } from '../../../agent/sensors/linux/fd-table.ts';
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
