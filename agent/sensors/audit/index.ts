import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import type { SharedViews } from '../shared-views.ts';
import type { IsKernel } from './linux.ts';

/** What the Linux audit daemon records, by the rules it has. */
export function auditSensor(settings: Settings, views: SharedViews, isKernel: IsKernel): Sensor {
  return new PolledSensor({
    description: {
      name: 'audit',
      doc: 'Records of the Linux audit daemon, and the processes, files, connections and logins they tell of.',
      types: [
        'audit.record',
        'process.start',
        'file.create',
        'file.change',
        'file.delete',
        'file.rename',
        'network.connection',
        'login',
        'loss',
      ],
    },
    intervalMs: settings.intervalMs.audit,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { AuditLinux } = await import('./linux.ts');
        return new AuditLinux(settings, shared ? await views.linux() : undefined, isKernel);
      }
      const { auditPortable } = await import('./portable.ts');
      return auditPortable();
    },
  });
}
