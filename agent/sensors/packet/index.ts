import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import { type SharedViews, sharedViews } from '../shared-views.ts';

/** What goes over the network, by the packets: names asked for, hellos, requests, flows and scans. */
export function packetSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'packet',
      doc: 'DNS questions with their answers, TLS hellos, plain HTTP requests, bytes of flows, and scans, by the packets.',
      types: ['dns.query', 'tls.hello', 'http.request', 'network.flow', 'network.scan', 'loss'],
    },
    intervalMs: settings.intervalMs.packet,
    onError: settings.onError,
    async provider(shared) {
      if (settings.provider === 'linux') {
        const { packetLinux } = await import('./linux.ts');
        return packetLinux(await (shared ? views : sharedViews(settings)).linux(), settings);
      }
      const { packetPortable } = await import('./portable.ts');
      return packetPortable(settings);
    },
  });
}
