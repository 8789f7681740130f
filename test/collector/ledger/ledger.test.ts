/** The ledger of a real collector: its stages, and the alerts on what nothing explains. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { parseConfig } from '#shared/config.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { agentSettings } from '../../../agent/config.ts';
import { startDelivery } from '../../../agent/delivery.ts';
import { loadIdentity } from '../../../agent/identity/identity.ts';
import type { AlertJson } from '../../../collector/api/json/alert.ts';
import type { StatusJson } from '../../../collector/api/json/status.ts';
import { numbered } from '../../events.ts';
import { enrolFolder } from '../../faults/start-agent.ts';
import { tempFolder } from '../../temp.ts';
import { Server, vedette, vedetteJson } from '../../vedette.ts';

function start(t: Test, data: string): Promise<Server> {
  return Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data);
}

function statusOf(data: string): StatusJson {
  return vedetteJson<StatusJson>('status', '--data', data);
}

/** A collector's data folder with what these events left, detected, and nobody on it. */
async function dataWith(t: Test, events: readonly AnyEvent[]): Promise<string> {
  const data = tempFolder(t);
  writeFileSync(join(data, 'collector.json'), '{"ledgerMs": 100}');
  const collector = await start(t, data);
  const folder = join(tempFolder(t), 'agent');
  await enrolFolder(folder, data);
  const identity = loadIdentity(folder)!;
  const config = parseConfig(agentSettings, { flushMs: 10, flushNormalMs: 10 });
  const address = collector.addresses.agents;
  const delivery = startDelivery({ folder, config, identity, address, log: () => undefined });
  for (const event of events) delivery.emit(event);
  delivery.flush();
  while (delivery.outbox.batches > 0) await sleep(20);
  while (statusOf(data).detection.lagBatches > 0) await sleep(50);
  await delivery.close();
  await collector.end('SIGTERM');
  return data;
}

async function alertOf(data: string, title: string): Promise<AlertJson> {
  for (;;) {
    const items = vedetteJson<AlertJson[]>('alerts', '--data', data);
    const found = items.filter((alert) => alert.ruleTitle === title);
    if (found[0] !== undefined) return found[0];
    await sleep(100);
  }
}

const overrun: AnyEvent = {
  type: 'loss',
  time: Date.now() * 1000,
  'loss.count': 7,
  'loss.reason': 'sensor-overrun',
  'loss.sensor': 'process',
};

t.test('tells where events are, and which sensor lost some', async (t) => {
  const data = await dataWith(t, [numbered(1), numbered(2), overrun]);
  const collector = await start(t, data);
  const [host] = statusOf(data).hosts;
  t.match(host, {
    ...{ collected: 9, stored: 2, detected: 2, lost: 7, pending: 0, unaccounted: 0, duplicates: 0 },
    lostByReason: { 'sensor-overrun/process': 7 },
  });
  const { stdout, status } = vedette('status', '--data', data);
  t.match(stdout, /lost 7 by sensor-overrun\/process/);
  t.equal(status, 0);
  t.match(await alertOf(data, 'Events lost'), { level: 'high' });
  await collector.end('SIGTERM');
});

t.test('what nothing explains raises an alert, once', async (t) => {
  const data = await dataWith(
    t,
    Array.from({ length: 5 }, (_, n) => numbered(n)),
  );
  const journal = new Database(join(data, 'journal.db'));
  journal.exec('UPDATE stream SET stored = stored - 2');
  journal.close();
  const collector = await start(t, data);
  const alert = await alertOf(data, 'Events unaccounted for');
  t.match(alert, { level: 'critical', count: 2 });
  t.match(alert.reason, /of 5 events collected 3 are stored and 0 declared lost/);
  t.equal(vedette('status', '--data', data).status, 1);
  await sleep(500);
  t.equal((await alertOf(data, 'Events unaccounted for')).count, 2, 'it is not told again');
  await collector.end('SIGTERM');
});

t.test('stored batches that cannot be read any more raise one too', async (t) => {
  const data = await dataWith(t, [numbered(1)]);
  const journal = new Database(join(data, 'journal.db'));
  journal.exec("UPDATE batch SET data = x'00'");
  journal.close();
  const control = new Database(join(data, 'control.db'));
  control.exec('UPDATE detection SET cursor = 0; DELETE FROM detection_snapshot');
  control.close();
  const collector = await start(t, data);
  const alert = await alertOf(data, 'Stored events cannot be read');
  t.match(alert, { level: 'critical', hostName: 'collector' });
  t.ok(statusOf(data).detection.damagedBatches > 0);
  await collector.end('SIGTERM');
});
