import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { SensorName, SensorOptions, TraceSettings } from '../../../agent/sensors/options.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import type { Sensor } from '../../../agent/sensors/sensor.ts';
import { Collected } from './collected.ts';

const patienceMs = 30_000;
let instances = 0;

/** Why the kernel's events cannot be had here, for tests that need them; false where they can. */
export const noKernelEvents: string | false =
  process.platform !== 'linux'
    ? 'not Linux'
    : process.getuid?.() !== 0
      ? 'not root'
      : existsSync('/sys/kernel/tracing')
        ? false
        : 'no tracefs';

export const tracefs = '/sys/kernel/tracing';

/** A name no other test has. */
export function instanceName(): string {
  return `test-${process.pid}-${instances++}`;
}

export interface KernelHost {
  readonly got: Collected;
  readonly sensors: readonly Sensor[];
  readonly instance: string;
}

/** Starts these sensors, and the process sensor, on the kernel's own events; resolves once all have them. */
export async function startKernel(
  t: Test,
  names: readonly SensorName[] = [],
  trace: Partial<TraceSettings> = {},
  more: SensorOptions = {},
): Promise<KernelHost> {
  const instance = trace.instance ?? instanceName();
  const wanted = new Set<string>(['process', ...names]);
  const errors: unknown[] = [];
  const sensors = createSensors({
    intervalMs: { process: 100, network: 100, kernel: 100 },
    trace: { ...trace, instance },
    onError: (_, error) => errors.push(error),
    ...more,
  }).filter((sensor) => wanted.has(sensor.describe().name));
  const got = new Collected();
  t.teardown(async () => {
    for (const sensor of sensors) await sensor.stop();
    if (got.faults.length > 0 || errors.length > 0) throw new Error([...got.faults, ...errors].join());
  });
  for (const sensor of sensors) await sensor.start(got.emit);
  await until(() => sensors.every((sensor) => modeOf(sensor) === 'kernel'), 'kernel mode');
  return { got, sensors, instance };
}

export function modeOf(sensor: Sensor | undefined): string | undefined {
  const state = sensor?.state();
  return state?.status === 'running' ? state.mode : state?.status;
}

/** Waits until it is so; rejects after half a minute. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + patienceMs;
  while (!isSo()) {
    if (Date.now() > endMs) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}
