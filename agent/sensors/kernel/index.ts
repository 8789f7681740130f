import { type Settings, withoutTrace } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import { type SharedViews, sharedViews } from '../shared-views.ts';

/** What is done to the kernel and to other processes: modules, mounts, BPF programs, debugging, changes of identity. */
export function kernelSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'kernel',
      doc: 'Kernel modules, mounts, BPF programs, processes that take hold of others, changes of user and group.',
      types: ['module.change', 'mount.change', 'bpf.load', 'process.access', 'process.identity'],
    },
    intervalMs: settings.intervalMs.kernel,
    onError: settings.onError,
    async provider(shared) {
      const used = shared ? views : sharedViews(settings);
      if (settings.provider === 'linux') {
        const { KernelLinux } = await import('./linux.ts');
        return new KernelLinux(await used.linux(), shared ? settings : withoutTrace(settings), used);
      }
      const { kernelPortable } = await import('./portable.ts');
      return kernelPortable();
    },
  });
}
