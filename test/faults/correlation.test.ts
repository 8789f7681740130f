/**
 * Kills the collector in the middle of a correlation's window, before any snapshot of detection was written and
 * after: the alert still comes, and comes once.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { parseConfig } from '#shared/config.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { agentSettings } from '../../agent/config.ts';
import { startDelivery } from '../../agent/delivery.ts';
import { loadIdentity } from '../../agent/identity/identity.ts';
import type { ControlStore } from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import { openJournalReader } from '../../collector/store/journal/reader.ts';
import { tempFolder } from '../temp.ts';
import { Server } from '../vedette.ts';
import { enrolFolder } from './start-agent.ts';

function failedLogin(time: number): AnyEvent {
  return {
    ...{
      type: 'login',
      time,
      'event.action': 'failed',
      'event.outcome': 'failure',
      'log.source': 'auth-log',
    },
    ...{ 'user.name': 'root', 'source.ip': '10.9.8.7' },
  } as AnyEvent;
}

interface Site {
  readonly control: ControlStore;
  /** Emits one failed login and waits until it was detected. */
  fail(time: number): Promise<void>;
  /** SIGKILL, then a collector on the same data. */
  killAndStart(): Promise<void>;
  /** How often the alert stands, with its counts of events. */
  counts(): Promise<readonly number[]>;
}

async function siteOf(t: Test): Promise<Site> {
  const data = tempFolder(t);
  const agentFolder = join(tempFolder(t), 'agent');
  const start = (port: string) =>
    Server.start(t, 'collector', '--port', '0', '--agent-port', port, '--data', data);
  let collector = await start('0');
  const address = collector.addresses.agents;
  await enrolFolder(agentFolder, data);
  const identity = loadIdentity(agentFolder)!;
  const config = parseConfig(agentSettings, {
    flushMs: 10,
    flushNormalMs: 10,
    backoffMinMs: 20,
    backoffMaxMs: 200,
  });
  const delivery = startDelivery({ folder: agentFolder, config, identity, address, log: () => undefined });
  const control = await openControlStore(join(data, 'control.db'), { durable: false });
  const journal = openJournalReader(join(data, 'journal.db'));
  t.teardown(async () => {
    await delivery.close();
    await journal.close();
    await control.close();
  });
  let emitted = 0;
  return {
    control,
    async fail(time) {
      delivery.emit(failedLogin(time));
      emitted++;
      while ((await journal.totals()).events < emitted) await sleep(10);
      while ((await control.detection.cursor()) < (await journal.lastId())) await sleep(10);
    },
    async killAndStart() {
      await collector.end('SIGKILL');
      collector = await start(address.split(':')[1] as string);
    },
    async counts() {
      const { items } = await control.alerts.list({}, 100);
      return items.filter((a) => a.ruleTitle === 'Repeated failed login').map((a) => a.count);
    },
  };
}

t.test('before any snapshot: history is read again', async (t) => {
  const { control, fail, killAndStart, counts } = await siteOf(t);
  const begin = Date.now() * 1000 - 20e6;
  for (let i = 0; i < 3; i++) await fail(begin + i * 1e6);
  if ((await control.detection.snapshot()) !== undefined) t.comment('so slow that there is a snapshot');
  await killAndStart();
  await fail(begin + 3e6);
  t.strictSame(await counts(), []);
  await killAndStart();
  await fail(begin + 4e6);
  t.strictSame(await counts(), [5]);
  await killAndStart();
  await fail(begin + 5e6);
  t.strictSame(await counts(), [6], 'the same alert goes on');
});

t.test('after a snapshot: its state, and what came after it', async (t) => {
  const { control, fail, killAndStart, counts } = await siteOf(t);
  // So old that history is not searched for them: only the snapshot can know.
  const begin = 1_700_000_000_000_000;
  await fail(begin);
  await sleep(10_500);
  await fail(begin + 1e6);
  const kept = await control.detection.snapshot();
  t.equal(kept?.cursor, await control.detection.cursor(), 'a snapshot was due with this batch');
  await fail(begin + 2e6);
  await fail(begin + 3e6);
  t.equal((await control.detection.snapshot())?.cursor, kept?.cursor, 'and none with the next');
  await killAndStart();
  t.strictSame(await counts(), []);
  await fail(begin + 4e6);
  t.strictSame(await counts(), [5]);
  await killAndStart();
  await fail(begin + 5e6);
  t.strictSame(await counts(), [6]);
});
