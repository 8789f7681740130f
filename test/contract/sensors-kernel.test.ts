import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { sensorNames } from '../../agent/sensors/options.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import type { Sensor } from '../../agent/sensors/sensor.ts';
import { activeResources, noHandleLeft } from '../agent/sensors/active-resources.ts';
import { Collected, faultOf } from '../agent/sensors/collected.ts';
import { instanceName, modeOf, noKernelEvents, tracefs, until } from '../agent/sensors/kernel-host.ts';

/** What every sensor keeps where the kernel's own events are had, besides what it keeps anywhere. */

const options = { skip: noKernelEvents };
const intervalMs = Object.fromEntries(sensorNames.map((name) => [name, 50]));
/** Sensors that live on the kernel's events; all but the first only while it has them. */
const onKernel = ['process', 'network', 'kernel'] as const;

function leftIn(instance: string): string[] {
  const probes = readFileSync(join(tracefs, 'uprobe_events'), 'utf8').split('\n');
  return [
    ...readdirSync(join(tracefs, 'instances')).filter((name) => name.startsWith(instance)),
    ...probes.filter((line) => line.startsWith(`p:${instance.replaceAll('-', '_')}_`)),
  ];
}

/** Events of the kernel that only this sensor wants, as far as they are on. */
function turnedOn(instance: string, name: (typeof onKernel)[number]): string[] {
  const own = { process: /./, network: /^sock:|^tcp:|accept/, kernel: /mount|ptrace|setuid|bpf|dirty/ }[name];
  try {
    const events = readFileSync(join(tracefs, 'instances', instance, 'set_event'), 'utf8').split('\n');
    return events.filter((event) => event !== '' && own.test(event));
  } catch {
    return [];
  }
}

function scene(errors: unknown[]) {
  const instance = instanceName();
  const sensors = createSensors({
    intervalMs,
    journal: false,
    trace: { instance },
    packet: { capture: 'off' },
    onError: (name, error) => errors.push(`${name}: ${error}`),
  });
  const named = (name: string): Sensor => {
    const found = sensors.find((sensor) => sensor.describe().name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  return { instance, sensors, named };
}

for (const name of onKernel) {
  t.test(`kernel ${name}: starts, tells what is there, and stops for good, twice`, options, async (t) => {
    const errors: unknown[] = [];
    const { instance, named } = scene(errors);
    const others = new Collected();
    const before = activeResources();
    if (name !== 'process') await named('process').start(others.emit);
    for (let round = 0; round < 2; round++) {
      const sensor = named(name);
      const got = new Collected();
      const state = await sensor.start(got.emit);
      t.match(state, { status: 'running', provider: 'linux' });
      await until(() => modeOf(sensor) === 'kernel', 'kernel mode');
      t.ok(got.events.some((e) => e['event.baseline'] === true) || name === 'kernel');
      const { 'event.baseline': last } = got.events.at(-1) ?? {};
      const firstChange = got.events.findIndex((e) => e['event.baseline'] !== true);
      const lateBaseline = got.events.slice(firstChange).filter((e) => e['event.baseline'] === true);
      if (firstChange >= 0) t.same(lateBaseline, [], `what is there first, ${last}`);
      t.same(await sensor.start(() => t.fail('a second start takes no emitter')), sensor.state());
      await sensor.stop();
      t.same(sensor.state(), { status: 'stopped' });
      const count = got.events.length;
      spawnSync('/bin/true');
      await sleep(250);
      t.equal(got.events.length, count, 'nothing after stop');
      t.same(got.faults, []);
      const { types } = sensor.describe();
      t.same(
        got.events.filter((event) => !types.includes(event.type) && event.type !== 'loss'),
        [],
      );
      t.same(turnedOn(instance, name), [], 'no event of its own is left on');
    }
    await named('process').stop();
    await noHandleLeft(t, before);
    t.same(others.faults, []);
    t.same(leftIn(instance), []);
    t.same(errors, []);
  });

  t.test(
    `kernel ${name}: stop during start leaves it stopped, and nothing in the kernel`,
    options,
    async (t) => {
      const errors: unknown[] = [];
      const { instance, named } = scene(errors);
      if (name !== 'process') await named('process').start(() => {});
      const sensor = named(name);
      const got = new Collected();
      const starting = sensor.start(got.emit);
      await sensor.stop();
      await starting;
      const count = got.events.length;
      await sleep(150);
      t.same(sensor.state(), { status: 'stopped' });
      t.equal(got.events.length, count);
      await named('process').stop();
      t.same(leftIn(instance), []);
      t.same(errors, []);
    },
  );

  t.test(`kernel ${name}: samples beside itself, without a trace of their own`, options, async (t) => {
    const errors: unknown[] = [];
    const { instance, named } = scene(errors);
    const sensor = named(name);
    const idle = await sensor.sample();
    t.same(leftIn(instance), []);
    t.ok(idle.every((event) => event['event.baseline'] === true && faultOf(event) === undefined));
    await named('process').start(() => {});
    await sensor.start(() => {});
    await until(() => modeOf(sensor) === 'kernel', 'kernel mode');
    const running = await sensor.sample();
    t.equal(running.length > 0, idle.length > 0);
    t.equal(modeOf(sensor), 'kernel', 'it goes on');
    await sensor.stop();
    await named('process').stop();
    t.same(leftIn(instance), []);
    t.same(errors, []);
  });
}

t.test('kernel: the whole registry, three times, at once and in any order', options, async (t) => {
  const errors: unknown[] = [];
  const { instance, sensors } = scene(errors);
  const before = activeResources();
  for (let round = 0; round < 3; round++) {
    const got = new Collected();
    await Promise.all(sensors.map((sensor) => sensor.start(got.emit)));
    const { pid } = spawnSync('/bin/true', [`round ${round}`]);
    const ended = await got.until('process.end', (e) => e['process.pid'] === pid);
    t.equal(ended['process.exit_code'], 0);
    const order = round === 0 ? sensors : round === 1 ? sensors.toReversed() : undefined;
    if (order === undefined) await Promise.all(sensors.map((sensor) => sensor.stop()));
    else for (const sensor of order) await sensor.stop();
    t.same(leftIn(instance), []);
    t.same(got.faults, []);
    t.equal(got.of('process.start').filter((e) => e['process.pid'] === pid).length, 1);
  }
  await noHandleLeft(t, before);
  t.same(errors, []);
});
