import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import t from 'tap';
import { Haste } from '../../../agent/sensors/process/haste.linux.ts';
import { until } from './kernel-host.ts';

/** The main thread as a real-time one, for as long as it is wanted. */

const skip =
  process.platform !== 'linux'
    ? 'Linux only'
    : process.getuid?.() !== 0
      ? 'needs root'
      : spawnSync('chrt', ['-m']).error !== undefined && 'needs chrt';

/** Numbers of sched(7) in /proc/PID/stat, field 41 (proc(5)). */
const policy = { usual: 0, roundRobin: 2 };

function policyOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3]);
}

t.test('is real-time from begin to end, and what it starts is not', { skip }, async (t) => {
  const before = getPriority();
  const haste = new Haste();
  haste.begin();
  await until(() => policyOf(process.pid) === policy.roundRobin, 'real-time');
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  t.equal(policyOf(child.pid ?? -1), policy.usual);
  t.equal(getPriority(child.pid), 0, 'nor nicer than others');
  await haste.end();
  t.equal(policyOf(process.pid), policy.usual);
  t.equal(getPriority(), before);
});

t.test('ends though it has hardly begun', { skip }, async (t) => {
  const before = getPriority();
  const haste = new Haste();
  haste.begin();
  await Promise.all([haste.end(), haste.end()]);
  t.equal(policyOf(process.pid), policy.usual);
  t.equal(getPriority(), before);
});
