import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';

/** Installed packages and what becomes of them, their files, and files that give rights. */
export function packageSensor(settings: Settings): Sensor {
  return new PolledSensor({
    description: {
      name: 'package',
      doc: 'Packages installed, and their installation, upgrade, downgrade and removal; package files that are not as their package says; files with set-uid, set-gid or capabilities.',
      types: ['package.state', 'package.change', 'package.file', 'file.privilege'],
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
