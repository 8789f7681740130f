import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';

/** An ordinary user's agent runs every sensor, and says what it cannot see. */

const nobody = 65_534;
const registry = join(import.meta.dirname, '../../agent/sensors/registry.ts');
const may = (flag: string, path: string) =>
  spawnSync('test', [flag, path], { uid: nobody, gid: nobody }).status === 0;
const possible =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  may('-r', registry) &&
  may('-x', process.execPath);
const script = `
const { createSensors } = await import(process.argv[1]);
const states = {}, counts = {}, errors = [];
const sensors = createSensors({ onError: (name, error) => errors.push(name + ': ' + error) });
for (const sensor of sensors) {
  const { name } = sensor.describe();
  states[name] = await sensor.start((event) => { counts[event.type] = (counts[event.type] ?? 0) + 1; });
}
await new Promise((resolve) => setTimeout(resolve, 2500));
for (const sensor of sensors) { states[sensor.describe().name] = sensor.state(); await sensor.stop(); }
console.log(JSON.stringify({ uid: process.getuid(), states, counts, errors }));
`;

t.test('as nobody', { skip: !possible && 'needs root, and a checkout that others may read' }, async (t) => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, registry], {
    uid: nobody,
    gid: nobody,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  t.equal((await closed)[0], 0);
  const { uid, states, counts, errors } = JSON.parse(output);
  t.equal(uid, nobody);
  t.same(errors, []);
  t.match(states, {
    process: { status: 'running', note: /program files of other users/ },
    network: { status: 'running' },
    device: { status: 'running', note: /other users/ },
    account: { status: 'running', note: /shadow cannot be read/ },
    packet: { status: 'unavailable', reason: /CAP_NET_RAW/ },
    file: { status: 'running', note: /cannot be listed/ },
    health: { status: 'running' },
  });
  for (const [name, { status }] of Object.entries<{ status: string }>(states)) t.not(status, 'failed', name);
  t.ok(counts['process.start'] > 3);
});
