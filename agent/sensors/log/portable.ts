import { Positions } from '../linux/positions.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { LogFiles } from './files.ts';
import { parseSource, pathsOf, systemLogs } from './sources.ts';
import { LineTelling } from './telling.ts';

/** Lines of the files in the settings, and of syslog's where the system has it. `shared` false reads nothing. */
export function logPortable(settings: Settings, shared: boolean): Provider {
  const own = settings.logFiles.flatMap((text) => parseSource(text) ?? []);
  const sources = process.platform === 'win32' ? own : [...systemLogs(settings.varRoot), ...own];
  const telling = new LineTelling();
  const positions = new Positions(settings.stateFolder, settings.settleMs);
  const files = new LogFiles({
    sources,
    linesPerSecond: settings.logLinesPerSecond,
    positions,
    onLine: telling.onLine,
    onLost: telling.onLost,
  });
  let first = true;
  return {
    kind: 'portable',
    mode: 'followed',
    async open() {
      const paths = sources.flatMap((source) => pathsOf(source, 16));
      return paths.length > 0 ? undefined : 'no log file is here or named in the settings';
    },
    async look(emit) {
      if (!shared) return;
      telling.to(emit);
      files.poll(!first);
      first = false;
      telling.tellLosses();
      positions.tick();
    },
    note() {
      return `from ${files.present.join(', ') || 'nothing yet'}`;
    },
    lost() {
      return telling.lost;
    },
    async close() {
      files.close();
      if (shared) positions.save();
    },
  };
}
