import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { FixtureHost } from './fixture-host.ts';

/** A reader that is killed without warning, again and again, while a log grows and is rotated. */

const registry = join(import.meta.dirname, '../../../agent/sensors/registry.ts');
const script = `
import { appendFileSync } from 'node:fs';
const { createSensors } = await import(process.argv[1]);
const options = JSON.parse(process.argv[2]);
const log = createSensors(options).find((sensor) => sensor.describe().name === 'log');
await log.start((event) => appendFileSync(process.argv[3], event.type + ' ' + (event.message ?? '') + '\\n'));
`;

t.test('no line is lost, and few are told again', { skip: process.platform !== 'linux' }, async (t) => {
  const host = new FixtureHost();
  t.teardown(() => host.end());
  const out = host.path('out');
  const log = host.path('var/log/syslog');
  const options = { ...host.options, journal: false, stateFolder: host.path('state'), settleMs: 100 };
  const lines = () => (existsSync(out) ? readFileSync(out, 'utf8').trim().split('\n') : []);
  host.write('var/log/syslog', '');
  let written = 0;
  const write = () =>
    host.append('var/log/syslog', `${new Date().toISOString()} h app[1]: line ${written++}\n`);
  for (let round = 0; round < 5; round++) {
    const args = ['--input-type=module-typescript', '-e', script, registry, JSON.stringify(options), out];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const closed = once(child, 'close');
    // The first run begins at the end of what is there, so nothing may be written before it looks.
    if (round === 0) while (!existsSync(host.path('state/positions.json'))) await sleep(20);
    const before = lines().length;
    for (let i = 0; i < 200 || lines().length < before + 150; i++) {
      write();
      if (i === 100 && round % 2 === 1) {
        if (round === 3) renameSync(`${log}.1`, `${log}.2`);
        renameSync(log, `${log}.1`);
      }
      await sleep(10);
    }
    child.kill('SIGKILL');
    await closed;
    for (let i = 0; i < 5; i++) write();
  }
  const child = spawn(
    process.execPath,
    ['--input-type=module-typescript', '-e', script, registry, JSON.stringify(options), out],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const last = `log.line line ${written - 1}`;
  for (let i = 0; i < 3000 && !lines().includes(last); i++) await sleep(20);
  child.kill('SIGKILL');
  const told = lines();
  const distinct = new Set(told);
  const missing = Array.from({ length: written }, (_, n) => `log.line line ${n}`).filter(
    (one) => !distinct.has(one),
  );
  t.same(missing, []);
  t.equal(distinct.size, written, 'and nothing else');
  t.comment(`${written} lines, ${told.length - distinct.size} told again after 5 kills`);
  t.ok(told.length < written * 2, `${told.length} told`);
});
