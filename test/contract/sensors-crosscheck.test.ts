import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { SensorName } from '../../agent/sensors/options.ts';
import { createSensors } from '../../agent/sensors/registry.ts';

/** Our own readers and the libraries see the same host. */

async function sample(provider: 'linux' | 'portable', name: SensorName): Promise<readonly AnyEvent[]> {
  const sensor = createSensors({ provider }).find((one) => one.describe().name === name);
  return (await sensor?.sample()) ?? [];
}

/**
 * Samples by turns, ours, theirs, ours, theirs. What both of one side's samples hold was there all the while, so the
 * other side's sample in between must hold it as well; what comes and goes meanwhile does not matter.
 */
async function compare(name: SensorName, keyOf: (event: AnyEvent) => string | undefined) {
  const keys = async (provider: 'linux' | 'portable') =>
    new Set((await sample(provider, name)).map(keyOf).filter((key) => key !== undefined));
  const [ours, theirs] = [await keys('linux'), await keys('portable')];
  const [oursAgain, theirsAgain] = [await keys('linux'), await keys('portable')];
  const stable = [...ours].filter((key) => oursAgain.has(key));
  return {
    stable,
    missedByPortable: stable.filter((key) => !theirs.has(key)),
    missedByLinux: [...theirs].filter((key) => theirsAgain.has(key) && !oursAgain.has(key)),
  };
}

function hasEnded(key: string): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${key.split(' ')[0]}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

t.test('cross-check', { skip: process.platform !== 'linux' }, async (t) => {
  t.test('processes: the same pids, parents and users, and starts within two seconds', async (t) => {
    const { stable, missedByPortable, missedByLinux } = await compare('process', (event) =>
      event.type === 'process.start'
        ? [event['process.pid'], event['process.parent.pid'], event['user.id']].join(' ')
        : undefined,
    );
    t.ok(stable.length > 3, `${stable.length} processes`);
    t.same(missedByPortable, []);
    // What has ended and is not yet taken note of by its parent runs no more; only the portable provider lists it.
    t.same(
      missedByLinux.filter((key) => !hasEnded(key)),
      [],
    );

    const byPid = (events: readonly AnyEvent[]) =>
      new Map(
        events.flatMap((event) => (event.type === 'process.start' ? [[event['process.pid'], event]] : [])),
      );
    const ours = byPid(await sample('linux', 'process'));
    for (const [pid, theirs] of byPid(await sample('portable', 'process'))) {
      const own = ours.get(pid);
      if (own === undefined) continue;
      const apart = Math.abs(own['process.start'] - theirs['process.start']);
      if (apart > 2_000_000)
        t.fail(`start of ${pid}: ${own['process.start']} and ${theirs['process.start']}`);
    }
  });

  t.test('sockets: the same listeners', async (t) => {
    const servers = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '::')];
    await Promise.all(servers.map((server) => once(server, 'listening')));
    t.teardown(() => {
      for (const server of servers) server.close();
    });
    const { stable, missedByPortable, missedByLinux } = await compare('network', (event) =>
      event.type === 'network.connection' && event['event.action'] === 'listening'
        ? [
            event['network.transport'],
            event['source.ip'].replace('::', '0.0.0.0'),
            event['source.port'],
          ].join(' ')
        : undefined,
    );
    t.ok(stable.length >= 2, `${stable.length} listeners`);
    t.same(missedByPortable, []);
    t.same(missedByLinux, []);
  });

  t.test('packages: the same names, versions and sizes', async (t) => {
    const { stable, missedByPortable, missedByLinux } = await compare('package', (event) =>
      event.type === 'package.state' && ['deb', 'rpm'].includes(event['package.type'])
        ? [
            event['package.name'],
            event['package.version'],
            event['package.architecture'],
            event['package.size'],
          ].join(' ')
        : undefined,
    );
    t.ok(stable.length > 10, `${stable.length} packages`);
    t.same(missedByPortable, []);
    t.same(missedByLinux, []);
  });
});
