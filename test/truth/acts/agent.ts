import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sensorNames } from '../../../agent/sensors/options.ts';
import { tracefs, until } from '../../agent/sensors/kernel-host.ts';
import type { Act } from '../act.ts';
import { account } from '../told.ts';

/** What the agent tells of itself. */

export const agentFacts = { outboxSizeBytes: 4096, outboxEvents: 17 };

/** So little room for the kernel's records that a storm overruns it. */
export const littleRoomKib = 256;

const within = (low: number, high: number) => (value: unknown) =>
  Number(value) >= low && Number(value) <= high;

const health: Act = {
  name: 'how the host and the agent are doing',
  async perform(stage) {
    const past = stage.got.of('host.health').length;
    await until(() => stage.got.of('host.health').length > past + 1, 'another look');
    const event = stage.got.of('host.health')[past];
    return [
      account('host.health', (other) => other === event, {
        'host.cpu.usage': within(0, 1),
        'host.cpu.count': availableParallelism(),
        'host.load': within(0, 1e4),
        'host.memory.total': within(0.9 * totalmem(), 1.1 * totalmem()),
        'host.memory.available': within(1, totalmem()),
        'host.disk.total': within(1, 2 ** 52),
        'host.disk.free': within(0, 2 ** 52),
        'host.uptime': within(uptime() - 60, uptime() + 1),
        'host.processes': within(3, 1e6),
        'agent.cpu.usage': within(0, 64),
        'agent.memory.rss': within(2 ** 24, 2 ** 34),
        'agent.uptime': within(0, process.uptime() + 1),
        'agent.outbox.size': agentFacts.outboxSizeBytes,
        'agent.outbox.events': agentFacts.outboxEvents,
        'agent.sensors': (modes) => {
          const named = (modes as string[]).map((mode) => mode.split('=')[0]);
          const inKernel = ['process=kernel', 'network=kernel', 'kernel=kernel'];
          return (
            isDeepStrictEqual(named.toSorted(), sensorNames.toSorted()) &&
            inKernel.every((mode) => (modes as string[]).includes(mode))
          );
        },
      }),
    ];
  },
};

/** Records the kernel says it threw away for want of room. */
function overrunOf(instance: string): number {
  const folders = [instance, `${instance}-exec`].map((name) => join(tracefs, 'instances', name, 'per_cpu'));
  return folders
    .flatMap((folder) => readdirSync(folder).map((cpu) => readFileSync(join(folder, cpu, 'stats'), 'utf8')))
    .flatMap((text) => [...text.matchAll(/^(?:overrun|commit overrun|dropped events): (\d+)/gm)])
    .reduce((sum, [, count]) => sum + Number(count), 0);
}

const overrun: Act = {
  name: 'records of the kernel that there was no room for',
  async perform(stage) {
    const losses = () => stage.got.of('loss').filter((event) => event['loss.sensor'] === 'kernel');
    const counted = () => losses().reduce((sum, event) => sum + event['loss.count'], 0);
    const past = losses().length;
    // This thread does not read meanwhile.
    spawnSync('/bin/sh', ['-c', 'i=0; while [ $i -lt 1500 ]; do /bin/true; i=$((i + 1)); done']);
    await until(() => overrunOf(stage.instance) > 0, 'an overrun');
    await until(() => counted() === overrunOf(stage.instance), 'what the kernel counted').catch(() => {
      throw new Error(`told ${counted()}, the kernel counted ${overrunOf(stage.instance)}`);
    });
    const told = losses().slice(past);
    return [
      account(
        'loss',
        (event) => told.includes(event),
        ...told.map((event) => ({
          'loss.count': event['loss.count'],
          'loss.reason': 'sensor-overrun',
          'loss.sensor': 'kernel',
          'loss.from': (at: unknown) => Number(at) > 0 && Number(at) <= Number(event['loss.to']),
          'loss.to': event.time,
        })),
      ),
    ];
  },
};

export const agentActs: readonly Act[] = [health, overrun];
