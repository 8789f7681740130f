import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import type { SharedViews } from '../shared-views.ts';

/** Lines of logs as they are written. */
export function logSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'log',
      doc: 'Lines of the system journal or the files of syslog, and of further log files of the settings.',
      types: ['log.line', 'loss'],
    },
    intervalMs: settings.intervalMs.log,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { LogLinux } = await import('./linux.ts');
        return new LogLinux(settings, shared ? await views.linux() : undefined);
      }
      const { logPortable } = await import('./portable.ts');
      return logPortable(settings, shared);
    },
  });
}
