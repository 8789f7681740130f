import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';

/** Installed packages, and what is installed, upgraded, downgraded and removed. */
export function packageSensor(settings: Settings): Sensor {
  return new PolledSensor({
    description: {
      name: 'package',
      doc: 'Packages installed, and their installation, upgrade, downgrade and removal.',
      types: ['package.state', 'package.change'],
    },
    intervalMs: settings.intervalMs.package,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { packageLinux } = await import('./linux.ts');
        return packageLinux(settings, shared);
      }
      const { packagePortable } = await import('./portable.ts');
      return packagePortable();
    },
  });
}
