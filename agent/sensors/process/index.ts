import { type Settings, withoutTrace } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import { type SharedViews, sharedViews } from '../shared-views.ts';

/** Processes: begin of every program, and end of every process. */
export function processSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'process',
      doc: 'Processes that run, begin and end, with their program, arguments, user and parent.',
      types: ['process.start', 'process.fork', 'process.end', 'executable.hash', 'loss'],
    },
    intervalMs: settings.intervalMs.process,
    onError: settings.onError,
    async provider(shared) {
      const used = shared ? views : sharedViews(settings);
      if (settings.provider === 'linux') {
        const { ProcessLinux } = await import('./linux.ts');
        return new ProcessLinux(await used.linux(), shared ? settings : withoutTrace(settings));
      }
      const { processPortable } = await import('./portable.ts');
      return processPortable(used.processes);
    },
  });
}
