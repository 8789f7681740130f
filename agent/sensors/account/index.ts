import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';

/** Changes of local users and groups, of rules of sudo and of authorized keys. Who is there at the first look is remembered, not told. */
export function accountSensor(settings: Settings): Sensor {
  return new PolledSensor({
    description: {
      name: 'account',
      doc: 'Local users and groups added, removed and changed, who may become root, rules of sudo and authorized keys.',
      types: ['account.change'],
    },
    intervalMs: settings.intervalMs.account,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { accountLinux } = await import('./linux.ts');
        return accountLinux(settings, shared ? settings.stateFolder : undefined);
      }
      const { accountPortable } = await import('./portable.ts');
      return accountPortable();
    },
  });
}
