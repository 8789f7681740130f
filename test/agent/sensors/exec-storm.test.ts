import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { noKernelEvents, startKernel, tracefs, until } from './kernel-host.ts';

/** A storm of programs does not wake the agent for each, and each is told once. */

const options = { skip: noKernelEvents };

/** A shell that runs a program with a mark of its own for each line it is given. */
function shell(program: string) {
  const child = spawn('/bin/sh', ['-c', `while read -r mark; do ${program} "$mark"; done`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return { child, run: (mark: string) => child.stdin.write(`${mark}\n`) };
}

t.test('a storm comes with the records that are collected, and ends', options, async (t) => {
  const { got, instance } = await startKernel(t);
  const filterOf = (name: string) => {
    const at = join(tracefs, 'instances', name, 'events/sched/sched_process_exec/filter');
    return readFileSync(at, 'utf8').trim();
  };
  // Other programs of this machine may make a storm of their own.
  const rings = () => !filterOf(`${instance}-exec`).includes('filename != "/bin/echo"');
  t.ok(rings());
  const { child, run } = shell('/bin/echo');
  let marks = 0;
  const storm = setInterval(() => {
    for (let n = 0; n < 5; n++) run(`mark-${marks++}`);
  }, 25);
  t.teardown(() => clearInterval(storm));
  await until(() => !rings(), 'the program of the storm does not ring');
  t.match(filterOf(instance), 'filename == "/bin/echo"', 'it is collected');
  const before = marks;
  await until(() => marks > before + 300, 'a storm that lasts');
  clearInterval(storm);
  child.stdin.end();
  await once(child, 'exit');
  await got.until('process.end', (e) => e['process.pid'] === child.pid);
  const told = got.of('process.start').filter((e) => e['process.parent.pid'] === child.pid);
  t.same(
    told.map((e) => e['process.command_line']),
    Array.from({ length: marks }, (_, n) => `/bin/echo mark-${n}`),
    'each once, with its arguments, in order',
  );
  await until(rings, 'it rings again');
});
