import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { sensorNames } from '../../agent/sensors/options.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import { activeResources, noHandleLeft } from '../agent/sensors/active-resources.ts';
import { Collected, faultOf } from '../agent/sensors/collected.ts';
import { FixtureHost } from '../agent/sensors/fixture-host.ts';

/** What every sensor keeps, whatever it watches and however it gets at it. */

const providers = process.platform === 'linux' ? (['linux', 'portable'] as const) : (['portable'] as const);
const intervalMs = Object.fromEntries(sensorNames.map((name) => [name, 50]));
/** Sensors whose first look emits on any host that runs this test. */
const alwaysThere = new Set(['process', 'health', 'package']);

for (const provider of providers) {
  t.test(`${provider}: the registry holds each sensor once`, async (t) => {
    const names = createSensors({ provider }).map((sensor) => sensor.describe().name);
    t.same([...names].sort(), [...sensorNames].sort());
  });

  for (const name of sensorNames) {
    const errors: unknown[] = [];
    const make = () => {
      const options = {
        provider,
        intervalMs,
        journal: false,
        onError: (_: string, e: unknown) => errors.push(e),
      };
      const sensor = createSensors(options).find((one) => one.describe().name === name);
      if (sensor === undefined) throw new Error(`no sensor ${name}`);
      return sensor;
    };

    t.test(`${provider} ${name}: says what it emits`, async (t) => {
      const { doc, types } = make().describe();
      t.ok(doc.length > 10);
      t.ok(types.length > 0);
      for (const type of types) t.ok(Object.hasOwn(eventSpecs, type), type);
    });

    t.test(`${provider} ${name}: starts, tells what is there, and stops for good`, async (t) => {
      const before = activeResources();
      const sensor = make();
      t.same(sensor.state(), { status: 'stopped' });
      const got = new Collected();
      const state = await sensor.start(got.emit);
      t.ok(state.status === 'running' || state.status === 'unavailable', JSON.stringify(state));
      t.same(state, sensor.state());
      if (state.status === 'running') t.equal(state.provider, provider);
      if (alwaysThere.has(name)) t.ok(got.events.length > 0, 'emits at the first look');
      t.ok(
        got.events.every((event) => event['event.baseline'] === true),
        'what is emitted before start resolves is baseline',
      );
      t.same(await sensor.start(() => t.fail('a second start takes no emitter')), sensor.state());
      await sleep(120);
      await sensor.stop();
      const count = got.events.length;
      t.same(sensor.state(), { status: 'stopped' });
      await sensor.stop();
      await sleep(120);
      t.equal(got.events.length, count, 'nothing after stop');
      t.same(got.faults, []);
      const { types } = sensor.describe();
      t.ok(got.events.every((event) => types.includes(event.type)));
      await noHandleLeft(t, before);
      t.same(errors, []);
    });

    t.test(`${provider} ${name}: a restart tells everything again`, async (t) => {
      const sensor = make();
      const first = new Collected();
      await sensor.start(first.emit);
      await sensor.stop();
      const second = new Collected();
      const state = await sensor.start(second.emit);
      await sensor.stop();
      t.ok(state.status === 'running' || state.status === 'unavailable');
      if (alwaysThere.has(name)) t.ok(second.events.some((event) => event['event.baseline'] === true));
    });

    t.test(`${provider} ${name}: stop during start leaves it stopped`, async (t) => {
      const sensor = make();
      const got = new Collected();
      const starting = sensor.start(got.emit);
      await sensor.stop();
      await starting;
      const count = got.events.length;
      await sleep(120);
      t.same(sensor.state(), { status: 'stopped' });
      t.equal(got.events.length, count);
    });

    t.test(`${provider} ${name}: samples without being started, and while it runs`, async (t) => {
      const sensor = make();
      const idle = await sensor.sample();
      t.same(
        idle.map(faultOf).filter((fault) => fault !== undefined),
        [],
      );
      t.ok(idle.every((event) => event['event.baseline'] === true));
      if (alwaysThere.has(name)) t.ok(idle.length > 0);
      t.same(sensor.state(), { status: 'stopped' });
      const got = new Collected();
      await sensor.start(got.emit);
      const running = await sensor.sample();
      await sensor.stop();
      t.equal(running.length > 0, idle.length > 0);
    });
  }
}

t.test('portable without any tool: runs or says why not, and never throws', async (t) => {
  const path = process.env['PATH'];
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  process.env['PATH'] = '/nonexistent';
  for (const sensor of createSensors({ provider: 'portable' })) {
    const got = new Collected();
    const state = await sensor.start(got.emit);
    const { name } = sensor.describe();
    if (state.status === 'unavailable') t.ok(state.reason.length > 10, `${name}: ${state.reason}`);
    else t.equal(state.status, 'running', name);
    t.same(got.faults, []);
    await sensor.stop();
  }
});

t.test(
  'linux on empty roots: unavailable, with a reason',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    for (const sensor of createSensors(host.options)) {
      const got = new Collected();
      const state = await sensor.start(got.emit);
      t.equal(state.status, 'unavailable', sensor.describe().name);
      if (state.status === 'unavailable') t.ok(state.reason.length > 10, state.reason);
      t.same(await sensor.sample(), []);
      await sensor.stop();
      t.same(got.events, []);
    }
  },
);
