import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import type { SharedViews } from '../shared-views.ts';

/** Logins, failed ones, logouts, su and sudo. */
export function loginSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'login',
      doc: 'Logins, failed logins, logouts, su, sudo, boots and shutdowns.',
      types: ['login'],
    },
    intervalMs: settings.intervalMs.login,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { LoginLinux } = await import('./linux.ts');
        return new LoginLinux(settings, shared ? await views.linux() : undefined);
      }
      const { loginPortable } = await import('./portable.ts');
      return loginPortable();
    },
  });
}
