import { readdirSync } from 'node:fs';
import { LogReader } from '../log/reader.linux.ts';
import type { Settings } from '../options.ts';
import { FactsReader } from '../process/facts.linux.ts';
import { ProcessReader } from '../process/reader.linux.ts';
import { ProcessTable } from '../process/table.ts';
import { type Boot, readBoot } from './boot.ts';
import { FdTable } from './fd-table.ts';
import { Positions } from './positions.ts';
import type { KernelTrace } from './trace/kernel-trace.linux.ts';
import { UserNames } from './user-names.ts';

/** The trace of this host, and the process table's keeper that lives on it. */
export interface KernelEvents {
  readonly trace: KernelTrace;
  /** Set while every change of a process's user is told of and kept in its entry, in its place among the events. */
  tellsUsers: boolean;
  readonly processes: {
    /** The process a thread belongs to; the same number when it is a process or nothing is known of it. */
    processOf(tid: number): number;
    /** True when the kernel itself reads the arguments of programs. */
    readonly readsArguments: boolean;
    /** Takes note of loaders that are new. */
    probeLoaders(): void;
  };
}

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
  #kernel: KernelEvents | undefined;

  constructor(settings: Settings) {
    this.#procRoot = settings.procRoot;
    this.boot = readBoot(settings.procRoot);
    this.users = new UserNames(settings.etcRoot);
    this.processes = new ProcessTable();
    this.reader = new ProcessReader(
      settings.procRoot,
      new FactsReader(settings.procRoot, this.boot, this.users),
      this.processes,
    );
    this.fds = new FdTable(settings, () => this.userPids());
    this.positions = new Positions(settings.stateFolder, settings.settleMs);
    this.logs = new LogReader(settings, this.positions);
  }

  /** The kernel's own events, while the process sensor has them; then nothing else reads the process list. */
  get kernel(): KernelEvents | undefined {
    return this.#kernel;
  }

  feedFrom(kernel: KernelEvents | undefined): void {
    this.#kernel = kernel;
    this.reader.pause(kernel !== undefined);
  }

  /** Every pid there is. Throws when the root cannot be listed. */
  listPids(): number[] {
    return readdirSync(this.#procRoot)
      .filter((name) => /^[1-9]\d{0,9}$/.test(name))
      .map(Number);
  }

  /** Pids that run a program of user space, as far as known. */
  *userPids(): IterableIterator<number> {
    for (const entry of this.processes.entries()) if (!entry.kernelThread) yield entry.pid;
  }

  /** Why there is no process to be seen under the root; undefined when there is one. */
  whyNoProcesses(): string | undefined {
    try {
      return this.listPids().length > 0
        ? undefined
        : `${this.#procRoot} holds no processes: is proc mounted?`;
    } catch (error) {
      return `${this.#procRoot} cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
