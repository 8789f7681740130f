import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import { FixtureHost } from '../../test/agent/sensors/fixture-host.ts';
import type { Example } from './example.ts';

const before = 'ext4 1085440 2 - Live 0x0000000000000000\n';
const after = `${before}dummy 16384 0 - Live 0x0000000000000000 (OE)\n`;

/** A kernel without modules loads none: the kernel sensor on a list of modules that was made up. */
export async function moduleExample(): Promise<Example> {
  const host = new FixtureHost();
  host.write('proc/self/mountinfo', '');
  host.write('proc/modules', before);
  const sensor = createSensors({ ...host.options, intervalMs: { kernel: 20 } }).find(
    (one) => one.describe().name === 'kernel',
  );
  const told: AnyEvent[] = [];
  await sensor?.start((event) => told.push(event));
  host.write('proc/modules', after);
  while (!told.some((event) => event.type === 'module.change' && event['module.name'] === 'dummy')) {
    await sleep(20);
  }
  await sensor?.stop();
  host.end();
  const event = told.find((one) => one.type === 'module.change' && one['module.name'] === 'dummy');
  if (event === undefined) throw new Error('no module was told of');
  return { from: 'fixture', of: 'a module appears in the list of modules', event };
}
