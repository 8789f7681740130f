import { accountSensor } from './account/index.ts';
import { auditSensor } from './audit/index.ts';
import { deviceSensor } from './device/index.ts';
import { fileSensor } from './file/index.ts';
import { healthSensor } from './health/index.ts';
import { kernelSensor } from './kernel/index.ts';
import { logSensor } from './log/index.ts';
import { loginSensor } from './login/index.ts';
import { networkSensor } from './network/index.ts';
import { type SensorOptions, type Settings, settingsOf } from './options.ts';
import { packageSensor } from './package/index.ts';
import { packetSensor } from './packet/index.ts';
import { processSensor } from './process/index.ts';
import type { Sensor } from './sensor.ts';
import { type SharedViews, sharedViews } from './shared-views.ts';

type SensorFactory = (settings: Settings, views: SharedViews) => Sensor;

/** Every sensor but audit and health, which look at the others, in the order they should start: the process table serves those after it. */
const factories: readonly SensorFactory[] = [
  processSensor,
  networkSensor,
  deviceSensor,
  packageSensor,
  loginSensor,
  accountSensor,
  kernelSensor,
  packetSensor,
  logSensor,
  fileSensor,
];

/**
 * One of each sensor, all stopped. They share one view of the host's processes and may be started in any order, or
 * at once; those of one call belong together.
 */
export function createSensors(options: SensorOptions = {}): Sensor[] {
  const settings = settingsOf(options);
  const views = sharedViews(settings);
  const sensors = factories.map((make) => make(settings, views));
  const audit = auditSensor(settings, views, (name) => {
    const state = sensors.find((sensor) => sensor.describe().name === name)?.state();
    return state?.status === 'running' && state.mode === 'kernel';
  });
  const health = healthSensor(settings, () =>
    [...sensors, audit, health].map((sensor) => [sensor.describe().name, sensor.state()] as const),
  );
  return [...sensors, audit, health];
}
