import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import { type SharedViews, sharedViews } from '../shared-views.ts';

/** Devices that come and go, and the processes that hold a sensitive one. */
export function deviceSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'device',
      doc: 'Devices attached and detached, and which process holds a camera, sound, disk, serial, USB, memory or input device.',
      types: ['device.change', 'device.access'],
    },
    intervalMs: settings.intervalMs.device,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { deviceLinux } = await import('./linux.ts');
        return deviceLinux(await (shared ? views : sharedViews(settings)).linux(), settings);
      }
      const { devicePortable } = await import('./portable.ts');
      return devicePortable();
    },
  });
}
