/** Presence is known at once and written together a moment later. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { factsFrom } from '../../collector/fleet/enrolment.ts';
import { Presence } from '../../collector/fleet/presence.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import { tempFolder } from '../temp.ts';

t.test('many at once in one write, the last of each', async (t) => {
  const { hosts, close } = await openControlStore(join(tempFolder(t), 'control.db'), { durable: true });
  for (let n = 0; n < 50; n++) await hosts.add(`h${n}`, { hostname: `host-${n}`, os: 'linux' }, 1);
  let writes = 0;
  const told: string[] = [];
  const presence = new Presence({
    hosts: {
      ...hosts,
      seenAll: (seen) => {
        writes++;
        return hosts.seenAll(seen);
      },
    },
    factsOf: async (_, raw) => factsFrom(raw),
    onHost: (host) => told.push(`${host.id} ${host.connected}`),
    onProblem: (error) => t.fail(String(error)),
  });
  for (let n = 0; n < 50; n++) await presence.seen(`h${n}`, true, { hostname: `named-${n}`, os: 'linux' });
  await presence.seen('h7', false);
  t.ok(told.includes('h7 true') && told.includes('h7 false'));
  await t.rejects(presence.seen('unknown', true), { code: 'identity.unknown_host' });
  while ((await hosts.get('h7'))?.hostname !== 'named-7') await sleep(10);
  await presence.close();
  t.match(await hosts.get('h3'), { hostname: 'named-3', connected: true });
  t.match(await hosts.get('h7'), { hostname: 'named-7', connected: false });
  t.ok(writes < 10, `${writes} writes for 51 changes`);
  await close();
});

t.test('what is left is written at the end', async (t) => {
  const { hosts, close } = await openControlStore(join(tempFolder(t), 'control.db'), { durable: true });
  await hosts.add('h1', { hostname: 'one', os: 'linux' }, 1);
  const presence = new Presence({
    hosts,
    factsOf: async (_, raw) => factsFrom(raw),
    onHost: () => undefined,
    onProblem: (error) => t.fail(String(error)),
  });
  await presence.seen('h1', true);
  await presence.close();
  t.match(await hosts.get('h1'), { connected: true });
  await close();
});
