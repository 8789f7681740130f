import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import { type SharedViews, sharedViews } from '../shared-views.ts';

/** Connections opened, accepted and closed, and sockets that listen, with the process that owns them. */
export function networkSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'network',
      doc: 'Connections opened, accepted and closed, and listening sockets, with their process.',
      types: ['network.connection'],
    },
    intervalMs: settings.intervalMs.network,
    onError: settings.onError,
    async provider(shared) {
      const used = shared ? views : sharedViews(settings);
      if (settings.provider === 'linux') {
        const { NetworkLinux } = await import('./linux.ts');
        return new NetworkLinux(await used.linux(), settings);
      }
      const { NetworkPortable } = await import('./portable.ts');
      return new NetworkPortable(used.processes);
    },
  });
}
