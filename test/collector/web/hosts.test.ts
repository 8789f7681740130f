import t from 'tap';
import type { EventJson } from '../../../collector/api/json/event.ts';
import type { LedgerJson } from '../../../collector/api/json/status.ts';
import { outside } from '../../../collector/intake/outside.ts';
import { liveTables, liveText } from '../../../collector/web/hosts/detail/live-tables.ts';
import { lagOf, presenceOf } from '../../../collector/web/hosts/presence.ts';
import { isRunning, sensorModes } from '../../../collector/web/hosts/sensor-modes.ts';
import { durationWords } from '../../../collector/web/time/duration.ts';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const host = {
  ...{ id: 'h1', hostname: 'web-1', os: 'linux', enrolledAt: '2026-01-01T00:00:00Z', lastSeenAt: null },
  ...{ connected: true, state: 'active' as const },
};
const ledger: LedgerJson = {
  ...{
    hostId: 'h1',
    hostName: 'web-1',
    connected: true,
    collected: 10,
    stored: 10,
    lost: 0,
    lostByReason: {},
  },
  ...{ detected: 10, pending: 0, repeats: 0, duplicates: 0, unaccounted: 0 },
};

function event(type: string, secondsAgo: number, fields: Record<string, unknown> = {}): EventJson {
  return {
    ...{ '@timestamp': new Date(nowMs - secondsAgo * 1000).toISOString(), 'event.id': 'e' },
    ...{ 'event.dataset': type, 'host.id': 'h1', 'host.name': 'web-1', ...fields },
  };
}

t.test('a host is online, behind or silent', async (t) => {
  const health = event('host.health', 20);
  const of = (over: object) => presenceOf({ host, ledger, health, ...over }, nowMs);
  t.equal(of({}), 'online');
  t.equal(of({ health: event('host.health', 121) }), 'behind', 'what it sends is old');
  t.equal(of({ ledger: { ...ledger, pending: 5_001 } }), 'behind', 'much is on its way');
  t.equal(of({ ledger: { ...ledger, detected: 0, stored: 5_001 } }), 'behind', 'detection is behind');
  t.equal(of({ ledger: undefined, health: undefined }), 'online', 'nothing is known yet');
  t.equal(of({ host: { ...host, connected: false } }), 'silent');
  t.equal(of({ host: { ...host, state: 'revoked' } }), 'revoked');
  t.equal(of({ host: { ...host, id: outside.id, connected: false } }), 'outside', 'no agent is missed');
  t.equal(lagOf({ health }, nowMs), 20_000);
  t.equal(lagOf({ health: event('host.health', -5) }, nowMs), 0, 'clocks may differ');
  t.equal(lagOf({ health: undefined }, nowMs), undefined);
});

t.test('sensors say what they do', async (t) => {
  const said = sensorModes(['process=kernel', 'dns=unavailable (no (real) right)', 'odd', 7]);
  t.same(said, [
    { name: 'process', mode: 'kernel', note: '' },
    { name: 'dns', mode: 'unavailable', note: 'no (real) right' },
    { name: 'odd', mode: '', note: '' },
    { name: '7', mode: '', note: '' },
  ]);
  t.same(said.map(isRunning), [true, false, true, true]);
  t.same(sensorModes('no list'), []);
});

const table = (tab: string) => liveTables.find((one) => one.tab === tab)!;

t.test('what stored events tell of the present', async (t) => {
  const processes = table('processes').fromEvents([
    event('process.end', 1, { 'process.entity_id': 'gone' }),
    event('process.start', 2, { 'process.entity_id': 'a', 'process.pid': 7, 'process.name': 'second' }),
    event('process.start', 3, { 'process.entity_id': 'a', 'process.pid': 7, 'process.name': 'first' }),
    event('process.start', 4, { 'process.entity_id': 'gone', 'process.pid': 8 }),
  ]);
  t.match(processes, [{ pid: 7, name: 'second', start_time: nowMs / 1000 - 2 }]);
  t.equal(processes.length, 1, 'those that ended are gone, and a program that became another is one');
  const packages = table('packages').fromEvents([
    event('package.change', 1, { 'event.action': 'removed', 'package.name': 'nc', 'package.type': 'deb' }),
    event('package.change', 2, { 'event.action': 'upgraded', 'package.name': 'curl', 'package.type': 'deb' }),
    event('package.state', 3, { 'package.name': 'curl', 'package.type': 'deb', 'package.version': '1' }),
    event('package.state', 4, { 'package.name': 'nc', 'package.type': 'deb' }),
    event('package.state', 5, { 'package.name': 'nc', 'package.type': 'npm' }),
  ]);
  t.same(
    packages.map(({ name, type }) => `${type} ${name}`),
    ['deb curl', 'npm nc'],
  );
  t.match(table('connections').fromEvents([event('network.connection', 1, { 'destination.port': 443 })]), [
    { remote_port: 443 },
  ]);
  for (const { columns, fromEvents, types, tab } of liveTables) {
    if (types.length === 0) continue;
    const fields = Object.keys(fromEvents([event(types[0]!, 1)])[0] ?? {});
    const shown = new Set(columns.map(({ name }) => name));
    t.ok(fields.filter((name) => shown.has(name)).length >= 4, `${tab} has columns for what it tells`);
  }
});

t.test('cells and durations in words', async (t) => {
  t.equal(liveText({ name: 'x', title: '', width: 1, form: 'bytes' }, 2048), '2.0 KiB');
  t.equal(liveText({ name: 'x', title: '', width: 1, form: 'seconds' }, 0), '1970-01-01T00:00:00.000Z');
  t.equal(liveText({ name: 'x', title: '', width: 1 }, 0.123), '0.12');
  t.equal(liveText({ name: 'x', title: '', width: 1 }, null), '');
  t.same([0, 850, 12_400, 185_000, 7_200_000, 9 * 86_400_000].map(durationWords), [
    ...['0 ms', '850 ms', '12 s', '3 min', '2 h', '9 d'],
  ]);
});
