import { readdirSync } from 'node:fs';
import { LogReader } from '../log/reader.linux.ts';
import type { Settings } from '../options.ts';
import { ProcessReader } from '../process/reader.linux.ts';
import { ProcessTable } from '../process/table.ts';
import { type Boot, readBoot } from './boot.ts';
import { FdTable } from './fd-table.ts';
import { Positions } from './positions.ts';
import { UserNames } from './user-names.ts';

/**
 * What the Linux providers share, so that /proc is walked once for all of them: the process table and its reader,
 * the table of open sockets and devices, the names of users, and the logs.
 */
export class LinuxHost {
  readonly boot: Boot;
  readonly users: UserNames;
  readonly processes: ProcessTable;
  readonly reader: ProcessReader;
  readonly fds: FdTable;
  /** Where reading of logs stands. */
  readonly positions: Positions;
  readonly logs: LogReader;
  readonly #procRoot: string;

  constructor(settings: Settings) {
    this.#procRoot = settings.procRoot;
    this.boot = readBoot(settings.procRoot);
    this.users = new UserNames(settings.etcRoot);
    this.processes = new ProcessTable();
    this.reader = new ProcessReader(settings.procRoot, this.boot, this.users, this.processes);
    this.fds = new FdTable(settings, this.reader);
    this.positions = new Positions(settings.stateFolder, settings.settleMs);
    this.logs = new LogReader(settings, this.positions);
  }

  /** Why there is no process to be seen under the root; undefined when there is one. */
  whyNoProcesses(): string | undefined {
    try {
      return readdirSync(this.#procRoot).some((name) => /^[1-9]\d*$/.test(name))
        ? undefined
        : `${this.#procRoot} holds no processes: is proc mounted?`;
    } catch (error) {
      return `${this.#procRoot} cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
