/** Hunts that run at times: over a real store and the real process that runs statements, with a clock of the test. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { Hunts } from '../../../collector/hunt/hunts.ts';
import { nextAfter } from '../../../collector/hunt/schedules/cadence.ts';
import { HuntSchedules, maxRows } from '../../../collector/hunt/schedules/hunt-schedules.ts';
import { byHost } from '../../../collector/hunt/schedules/new-rows.ts';
import type { ControlStore, HuntScheduleOrder, NewAlert } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { tempFolder } from '../../temp.ts';
import { type Hunting, host, hunting } from '../store/events/hunting.ts';

const minuteUs = 60e6;
const start = Date.UTC(2026, 10, 22, 10, 0, 30) * 1000;

interface Scene {
  readonly control: ControlStore;
  readonly hunts: Hunts;
  readonly schedules: HuntSchedules;
  readonly alerts: NewAlert[];
  readonly events: Hunting;
  /** To that many minutes after the start, and looks. */
  at(minutes: number): Promise<void>;
  /** As after a restart. */
  again(): Promise<Scene>;
}

async function scene(t: Test, events = hunting(t), folder = tempFolder(t)): Promise<Scene> {
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  t.teardown(() => control.close());
  if ((await control.hosts.list()).length === 0)
    await control.hosts.add(host, { hostname: 'web-1', os: 'linux' }, 1);
  const hunts = new Hunts({
    ...{ sql: events.engine, store: control.hunts },
    audit: async (entry) => void (await control.audit.append(entry)),
  });
  const alerts: NewAlert[] = [];
  let now = start;
  const schedules = await HuntSchedules.open({
    ...{ store: control.huntSchedules, hunts, hosts: control.hosts, now: () => now },
    raise: async (alert) => void alerts.push(alert),
  });
  return {
    ...{ control, hunts, schedules, alerts, events },
    at(minutes) {
      now = start + minutes * minuteUs;
      return schedules.look();
    },
    again: () => scene(t, events, folder),
  };
}

const order = (over: Partial<HuntScheduleOrder> = {}): HuntScheduleOrder => ({
  ...{ hunt: 'mine', everyS: 600, dailyMinute: null, spanS: 86_400, level: 'high', parameters: {} },
  ...{ isEnabled: true, ...over },
});

const save = (hunts: Hunts, sql: string) =>
  hunts.save(
    { name: 'mine', title: 'Mine', description: '', tags: ['attack.t1059'], parameters: [], sql },
    'ada',
  );

const started = (name: string, n: number): AnyEvent =>
  ({
    ...{ type: 'process.start', time: start - 60e6 + n, 'process.pid': 10 + n, 'process.name': name },
    ...{ 'process.entity_id': `e${n}`, 'process.start': start - 60e6 + n },
  }) as AnyEvent;

const programs =
  'SELECT host.id, process.name, count(*) AS n FROM process.start GROUP BY ALL ORDER BY process.name';

t.test('the next time is the first one after', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 90_000 }), fc.nat(2 ** 40), (everyS, at) => {
      const next = nextAfter({ everyS, dailyMinute: null }, at);
      return next > at && next - at <= everyS * 1e6 && next % (everyS * 1e6) === 0;
    }),
  );
  const iso = (at: number) => new Date(at / 1000).toISOString();
  const daily = (minute: number) => iso(nextAfter({ everyS: null, dailyMinute: minute }, start));
  t.equal(daily(10 * 60), '2026-11-23T10:00:00.000Z', 'today it is over');
  t.equal(daily(10 * 60 + 1), '2026-11-22T10:01:00.000Z');
  t.equal(daily(0), '2026-11-23T00:00:00.000Z');
});

t.test('rows are told by the host they name, the hosts beyond the bound together', async (t) => {
  const columns = [{ name: 'host.id', type: 'VARCHAR' }];
  const rows = [['a'], ['b'], ['a'], ['c'], ['d'], [null]];
  const fresh = [0, 1, 2, 3, 4, 5];
  t.same(byHost({ columns, rows, fresh, foundAt: 1 }, 3), [
    { host: 'a', rows: [['a'], ['a']] },
    { host: 'b', rows: [['b']] },
    { host: null, rows: [['c'], ['d'], [null]] },
  ]);
});

t.test('new rows raise an alert, once; what was there before does not', async (t) => {
  const one = await scene(t);
  await save(one.hunts, programs);
  await one.schedules.put(order(), 'ada');
  await one.events.add(host, started('sshd', 1));
  await one.at(9);
  t.equal((await one.schedules.get('mine')).last, null, 'not before its time');
  await one.at(10);
  t.match((await one.schedules.get('mine')).last, { rows: 1, newRows: 1, isCut: false, error: null });
  t.match(one.alerts, [
    {
      ...{ ruleId: 'vedette-hunt-mine', level: 'high', hostId: host, hostName: 'web-1', count: 1 },
      ...{ tags: ['attack.t1059'], reason: /process\.name sshd/ },
    },
  ]);
  await one.at(10.5);
  await one.at(20);
  t.match((await one.schedules.get('mine')).last, { rows: 1, newRows: 0 });
  await one.events.add(host, started('nc\u001b[31m <b>', 2));
  await one.at(30);
  t.match((await one.schedules.get('mine')).last, { rows: 2, newRows: 1 });
  t.equal(one.alerts.length, 2);
  t.match(one.alerts[1], { event: { 'process.name': 'nc\u001b[31m <b>' } });
  t.match(await one.schedules.result('mine'), {
    rows: [{ 1: 'nc\u001b[31m <b>' }, { 1: 'sshd' }],
    fresh: [0],
  });

  await one.schedules.put(order({ level: null }), 'ada');
  await one.events.add(host, started('socat', 3));
  await one.at(40);
  t.match((await one.schedules.get('mine')).last, { newRows: 1 });
  t.equal(one.alerts.length, 2, 'only kept');
  await one.schedules.put(order({ isEnabled: false }), 'ada');
  await one.at(60);
  t.match((await one.schedules.get('mine')).last, { rows: 3, newRows: 1 }, 'switched off, it does not run');
  const { items } = await one.control.audit.list({}, 50);
  const told = items.map(({ action }) => action);
  t.equal(told.filter((action) => action === 'hunt-schedule.set').length, 3);
  t.equal(told.filter((action) => action === 'hunt.run').length, 4);
  await one.hunts.remove('mine', 'ada');
  t.same(await one.schedules.list(), [], 'with the hunt its schedule goes');
  t.equal(await one.control.huntSchedules.result('mine'), undefined);
});

t.test('a restart repeats no time, and makes up for one that passed', async (t) => {
  const one = await scene(t);
  await save(one.hunts, programs);
  await one.schedules.put(order(), 'ada');
  await one.events.add(host, started('sshd', 1));
  await one.at(10);
  const two = await one.again();
  await two.at(11);
  t.equal(two.alerts.length, 0, 'not twice for one time');
  await two.at(95);
  const { last, nextAt } = await two.schedules.get('mine');
  t.equal(last?.startedAt, start + 95 * minuteUs);
  t.equal(nextAt, start - 30e6 + 100 * minuteUs, 'once, whatever passed');
  t.match(last, { newRows: 0 }, 'what was found before the restart is not new');

  // Claimed, and then the collector is gone.
  const claimed = { dueAt: nextAt, startedAt: nextAt };
  t.ok(await two.control.huntSchedules.begin('mine', claimed, nextAt + 600e6));
  t.notOk(await two.control.huntSchedules.begin('mine', claimed, nextAt + 600e6), 'a time is claimed once');
  const three = await two.again();
  t.match((await three.schedules.get('mine')).last, { error: /collector ended/ });
  await three.at(104);
  t.match((await three.schedules.get('mine')).last, { dueAt: nextAt, error: /collector ended/ });
  await three.at(110);
  t.match((await three.schedules.get('mine')).last, { error: null, rows: 1, newRows: 0 });
});

t.test('failures are told, and what was found before stays', async (t) => {
  const one = await scene(t);
  await save(one.hunts, programs);
  await one.schedules.put(order(), 'ada');
  await one.events.add(host, started('sshd', 1));
  await one.at(10);
  await save(one.hunts, 'SELECT nothing FROM process.start');
  await one.at(20);
  t.match((await one.schedules.get('mine')).last, { error: /^hunt\.unknown_name: /, rows: 0 });
  t.match(await one.schedules.result('mine'), { rows: [{ 1: 'sshd' }] });
  await save(one.hunts, `SELECT repeat('x', 3000) AS x, range FROM range(${maxRows})`);
  await one.at(30);
  t.match((await one.schedules.get('mine')).last, { error: /^hunt\.limit: / });
  await save(one.hunts, `SELECT range AS n FROM range(${maxRows + 1}) ORDER BY n`);
  await one.at(40);
  t.match((await one.schedules.get('mine')).last, { error: null, rows: maxRows, isCut: true });

  await t.rejects(one.schedules.put(order({ hunt: 'none' }), 'ada'), { code: 'api.not_found' });
  await t.rejects(one.schedules.put(order({ parameters: { a: 1 } }), 'ada'), { code: 'hunt.parameter' });
});

t.test('a collector that ends breaks a run off', async (t) => {
  const one = await scene(t);
  await save(
    one.hunts,
    'SELECT count(*) AS n FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7',
  );
  await one.schedules.put(order(), 'ada');
  const running = one.at(10);
  while (!one.hunts.running().some(({ state }) => state === 'running')) await sleep(20);
  one.schedules.close();
  await running;
  t.match((await one.schedules.get('mine')).last, { error: /collector ended/ });
});
