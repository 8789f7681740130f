import type { LinuxHost } from './linux/host.ts';
import type { Settings } from './options.ts';
import { type ProcessEntry, ProcessTable } from './process/table.ts';

/** What sensors of one registry share. Made when first asked for, so that other systems load nothing of Linux. */
export interface SharedViews {
  linux(): Promise<LinuxHost>;
  /** Processes as the portable process sensor last saw them; empty while it does not run. */
  readonly processes: ProcessTable;
  /**
   * Which process wrote, created, renamed or removed the path at about that time (microseconds since the epoch), if
   * anybody knows. Set by who hears it from the kernel; until then nobody does.
   */
  writerOf: (path: string, timeUs: number) => ProcessEntry | undefined;
}

export function sharedViews(settings: Settings): SharedViews {
  let host: Promise<LinuxHost> | undefined;
  return {
    processes: new ProcessTable(),
    writerOf: () => undefined,
    linux() {
      host ??= import('./linux/host.ts').then(({ LinuxHost }) => new LinuxHost(settings));
      return host;
    },
  };
}
