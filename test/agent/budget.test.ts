import t, { type Test } from 'tap';
import { BudgetKeeper, type Cost, sheddingOrder } from '../../agent/budget.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import type { Sensor } from '../../agent/sensors/sensor.ts';
import { Collected } from './sensors/collected.ts';

/** The budget's keeper, with real sensors and costs of our making. */

const budget = { cpuShare: 0.15, rssBytes: 200 * 1024 ** 2 };
const modest: Cost = { cpuShare: 0.01, rssBytes: 60 * 1024 ** 2 };
const busy: Cost = { ...modest, cpuShare: 0.5 };
const fat: Cost = { ...modest, rssBytes: 300 * 1024 ** 2 };
/** Over the part of the budget under which sensors wake, and within it. */
const between: Cost = { ...modest, cpuShare: 0.12 };

async function scene(t: Test) {
  const got = new Collected();
  const errors: unknown[] = [];
  const sensors = createSensors({ journal: false, onError: (_, error) => errors.push(error) });
  for (const sensor of sensors) await sensor.start(got.emit);
  t.teardown(async () => {
    for (const sensor of sensors) await sensor.stop();
    if (errors.length > 0) throw new Error(errors.join());
  });
  const named = (name: string): Sensor => {
    const found = sensors.find((sensor) => sensor.describe().name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  const runs = (name: string) => named(name).state().status === 'running';
  const keeper = new BudgetKeeper(budget, sensors, got.emit);
  const times = async (count: number, cost: Cost) => {
    for (let i = 0; i < count; i++) await keeper.look(cost);
  };
  const resting = () => keeper.shed.map(({ name }) => name);
  return { got, sensors, named, runs, keeper, times, resting };
}

t.test('who rests: one at a time, in the declared order, and never the rest', async (t) => {
  const { sensors, named, runs, keeper, times, resting } = await scene(t);
  const order = sheddingOrder.filter(runs);
  const all = sensors.map((sensor) => sensor.describe().name).filter(runs);
  t.ok(order.length >= (process.platform === 'linux' ? 3 : 1), order.join());
  await times(1, busy);
  t.same(resting(), [], 'once is not enough');
  await times(1, modest);
  await times(1, busy);
  t.same(resting(), [], 'nor twice with rest between');
  for (let i = 0; i < order.length; i++) {
    await times(i === 0 ? 1 : 2, busy);
    t.same(resting(), order.slice(0, i + 1));
    const state = named(order[i] ?? '').state();
    t.match(state, {
      status: 'unavailable',
      reason: /^at rest: the agent used 50\.0 % .* budget is 15\.0 %$/,
    });
    t.equal(
      keeper.shed.at(-1)?.reason,
      state.status === 'unavailable' && state.reason.slice('at rest: '.length),
    );
  }
  await times(6, busy);
  t.same(resting(), order, 'there is nobody left who may');
  t.same(all.filter((name) => !runs(name)).toSorted(), order.toSorted(), 'the others go on');
});

t.test('they wake in reverse, well under budget only, and tell what is there anew', async (t) => {
  const { got, named, runs, times, resting } = await scene(t);
  const order = sheddingOrder.filter(runs);
  await times(4, busy);
  const shed = order.slice(0, 2);
  t.same(resting(), shed);
  await times(30, between);
  t.same(resting(), shed, 'within the budget is not well under it');
  await times(11, modest);
  await times(1, between);
  await times(11, modest);
  t.same(resting(), shed, 'not long enough in one go');
  const before = got.events.length;
  await times(1, modest);
  t.same(resting(), shed.slice(0, 1));
  t.ok(runs(shed[1] ?? ''));
  if (shed[1] === 'package') {
    const told = got.events.slice(before);
    t.ok(
      told.some((e) => e.type === 'package.state'),
      'what is installed',
    );
  }
  await times(12, modest);
  t.same(resting(), []);
  t.ok(shed.every(runs));
  t.not(named(shed[0] ?? '').state().status, 'unavailable');
  await times(2, busy);
  t.same(resting(), shed.slice(0, 1), 'and rest again, the first first');
});

t.test('memory counts too, and says so', async (t) => {
  const { keeper, times, named } = await scene(t);
  await times(2, fat);
  const [first] = keeper.shed;
  t.match(first?.reason, /300 MiB of memory, its budget is 200 MiB/);
  t.match(named(first?.name ?? '').state(), { status: 'unavailable', reason: /300 MiB/ });
});

t.test('a sensor at rest emits nothing', async (t) => {
  const { got, runs, times } = await scene(t);
  const order = sheddingOrder.filter(runs);
  await times(2 * order.length, busy);
  const before = got.events.length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const shedTypes = /^(package|device|mount|module|bpf|dns|tls|http)\./;
  t.same(
    got.events.slice(before).filter(({ type }) => shedTypes.test(type)),
    [],
  );
});
