import { sensorSample as spec } from '#shared/commands/sensor-sample.ts';
import { maxOutputBytes } from '#shared/commands/spec.ts';
import { VedetteError } from '#shared/errors.ts';
import type { CommandKind } from '../kind.ts';

const usualLimit = 1000;
/** Of the output's bound, for what is not events. */
const frameBytes = 1024;

/** As many of the items, from the first, as fit with a comma each. */
function fitting<T>(items: readonly T[], limit: number, bytes: number): readonly T[] {
  let left = bytes;
  const end = items.findIndex((item, i) => {
    left -= Buffer.byteLength(JSON.stringify(item)) + 1;
    return i >= limit || left < 0;
  });
  return end < 0 ? items : items.slice(0, end);
}

export const sensorSample: CommandKind = {
  spec,
  async run(args, { sensors }) {
    const name = String(args['sensor']);
    const sensor = sensors.find((one) => one.describe().name === name);
    if (sensor === undefined) {
      const names = sensors.map((one) => one.describe().name).join(', ');
      throw new VedetteError('command.invalid', `There is no sensor of this name; there are ${names}.`);
    }
    const all = await sensor.sample();
    const events = fitting(all, Number(args['limit'] ?? usualLimit), maxOutputBytes - frameBytes);
    return { output: { sensor: name, events, total: all.length }, cut: all.length - events.length };
  },
};
