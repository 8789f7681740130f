import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import { type SharedViews, sharedViews } from '../shared-views.ts';

/** Processes: begin of every program, and end of every process. */
export function processSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'process',
      doc: 'Processes that run, begin and end, with their program, arguments, user and parent.',
      types: ['process.start', 'process.end'],
    },
    intervalMs: settings.intervalMs.process,
    onError: settings.onError,
    async provider(shared) {
      const used = shared ? views : sharedViews(settings);
      if (settings.provider === 'linux') {
        const { processLinux } = await import('./linux.ts');
        return processLinux(await used.linux(), settings);
      }
      const { processPortable } = await import('./portable.ts');
      return processPortable(used.processes);
    },
  });
}
