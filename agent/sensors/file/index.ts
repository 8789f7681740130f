import type { Settings } from '../options.ts';
import { PolledSensor } from '../polled-sensor.ts';
import type { Sensor } from '../sensor.ts';
import type { SharedViews } from '../shared-views.ts';

/** Files that matter for persistence and credentials, and any others asked for. */
export function fileSensor(settings: Settings, views: SharedViews): Sensor {
  return new PolledSensor({
    description: {
      name: 'file',
      doc: 'Watched files created, changed (content, mode, owner), renamed and deleted, also while the agent was down.',
      types: ['file.create', 'file.change', 'file.rename', 'file.delete'],
    },
    intervalMs: settings.intervalMs.file,
    onError: settings.onError,
    async provider(shared) {
      const [{ WatchedFiles }, host] = await Promise.all([
        import('./watched-files.ts'),
        settings.provider === 'linux'
          ? import('./linux.ts').then(({ fileLinux }) => fileLinux(settings))
          : import('./portable.ts').then(({ filePortable }) => filePortable()),
      ]);
      return new WatchedFiles({
        host,
        settings: settings.file,
        watching: shared,
        writerOf: (path, timeUs) => views.writerOf(path, timeUs),
        onError: (error) => settings.onError('file', error),
      });
    },
  });
}
