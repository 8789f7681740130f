import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import type { SensorStates } from './event.ts';

/** Health of the host and cost of the agent. `states` gives the sensors whose modes are told. */
export function healthSensor(settings: Settings, states: SensorStates): Sensor {
  return new PolledSensor({
    description: {
      name: 'health',
      doc: 'Load, memory and disk of the host, and what the agent itself takes.',
      types: ['host.health'],
    },
    intervalMs: settings.intervalMs.health,
    onError: settings.onError,
    async provider() {
      if (settings.provider === 'linux') {
        const { healthLinux } = await import('./linux.ts');
        return healthLinux(settings, states);
      }
      const { healthPortable } = await import('./portable.ts');
      return healthPortable(settings, states);
    },
  });
}
