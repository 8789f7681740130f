import { existsSync } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import type { KernelEvents, LinuxHost } from '../linux/host.ts';
import { fieldsOf } from '../linux/trace/format.ts';
import type { TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import type { Settings } from '../options.ts';
import type { ProcessEntry } from '../process/table.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import type { SharedViews } from '../shared-views.ts';
import { actorFieldsOf } from './actor.ts';
import { WatchedCalls } from './calls.linux.ts';
import { FileWriters } from './file-writers.linux.ts';
import { LoadedModules } from './modules.linux.ts';
import { Mounts } from './mounts.linux.ts';

/** MS_REMOUNT, MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED (include/uapi/linux/mount.h): nothing gets mounted. */
const remountFlags = 0x1e_0020n;
/** Calls that were entered and not left yet. */
const maxEntered = 1024;
/** Calls after which mounts may be others than before. */
const mountCalls = ['sys_exit_mount', 'sys_exit_umount', 'sys_exit_move_mount', 'sys_exit_pivot_root'];

/**
 * Modules and mounts from their lists in /proc, looked at each interval and, where the process sensor has the kernel's
 * events, at each of those that change them; the rest from those events alone.
 */
export class KernelLinux implements Provider {
  readonly kind = 'linux';
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #views: SharedViews;
  readonly #modules: LoadedModules;
  readonly #mounts: Mounts;
  #emit: Emit = () => {};
  #events: KernelEvents | undefined;
  #missing: string[] = [];
  #writers: FileWriters | undefined;
  /** What must be done when the kernel's events are no longer wanted, or are gone. */
  #endings: (() => void)[] = [];
  /** Threads in a call of mount(2) that mounts nothing. */
  readonly #remounting = new Set<number>();

  constructor(host: LinuxHost, settings: Settings, views: SharedViews) {
    this.#host = host;
    this.#settings = settings;
    this.#views = views;
    this.#modules = new LoadedModules(settings.procRoot);
    this.#mounts = new Mounts(settings.procRoot);
  }

  get mode(): 'kernel' | 'sampled' {
    return this.#events === undefined ? 'sampled' : 'kernel';
  }

  async open(): Promise<string | undefined> {
    const { procRoot } = this.#settings;
    const isThere = ['modules', 'self/mountinfo'].some((name) => existsSync(`${procRoot}/${name}`));
    return isThere ? undefined : `${procRoot} lists neither modules nor mounts`;
  }

  async look(emit: Emit): Promise<void> {
    this.#emit = emit;
    const { kernel } = this.#host;
    // What the kernel tells of comes first: its events say who did it.
    if (kernel === this.#events) kernel?.trace.drain();
    this.#compare(nowUs(), 'procfs');
    if (kernel === this.#events) return;
    this.#events = kernel;
    this.#leave();
    if (kernel !== undefined) this.#watch(kernel);
  }

  note(): string | undefined {
    const untold = this.#mounts.untold > 0 ? [`${this.#mounts.untold} mounts were too many to tell`] : [];
    const blind =
      this.#events === undefined
        ? ['without kernel events BPF programs, debugging and changes of identity are not seen']
        : this.#missing.length > 0
          ? [`the kernel has no ${this.#missing.join(', ')}`]
          : [];
    return (
      [...blind, ...untold, this.#writers?.note()].filter((text) => text !== undefined).join('; ') ||
      undefined
    );
  }

  async close(): Promise<void> {
    this.#emit = () => {};
    this.#leave();
  }

  /** A sensor that rests costs the host nothing: what it alone wants to know of is turned off. */
  #leave(): void {
    for (const end of this.#endings) end();
    this.#endings = [];
    if (this.#writers !== undefined) this.#views.writerOf = () => undefined;
    this.#writers = undefined;
  }

  #watch(events: KernelEvents): void {
    const { trace } = events;
    const calls = new WatchedCalls(this.#host, events, this.#settings.procRoot, (event) => this.#emit(event));
    this.#missing = calls.start();
    const writers = new FileWriters(this.#host, events);
    const mounts = [this.#mountEntered(), ...mountCalls.map((event) => this.#mountCall(event))];
    // Kernels without modules have neither.
    const modules = ['module_load', 'module_free'].map((event) => this.#moduleEvent(event));
    const sources = [...mounts, ...modules].filter((source) => trace.add(source));
    this.#endings = [
      () => calls.stop(),
      () => writers.stop(),
      () => {
        for (const source of sources) trace.drop(source);
      },
    ];
    if (writers.start()) {
      this.#writers = writers;
      this.#views.writerOf = (path, timeUs) => writers.writerOf(path, timeUs);
    }
  }

  /** Gives how many changes it told of. */
  #compare(time: number, provider: string, actor?: ProcessEntry): number {
    const events = [
      ...this.#modules.compare(time, provider, actor),
      ...this.#mounts.compare(time, provider, actor),
    ];
    for (const event of events) this.#emit(event);
    return events.length;
  }

  #actor(tid: number): ProcessEntry | undefined {
    const pid = this.#events?.processes.processOf(tid);
    return pid === undefined ? undefined : this.#host.processes.recent(pid);
  }

  #moduleEvent(event: string): TraceSource {
    return {
      system: 'module',
      event,
      reader: (format) => {
        const [tidField] = fieldsOf(format, 'common_pid');
        return (record) => {
          const tid = record.number(tidField);
          return (time) => void this.#compare(time, 'tracefs', this.#actor(tid));
        };
      },
    };
  }

  #mountEntered(): TraceSource {
    return {
      system: 'syscalls',
      event: 'sys_enter_mount',
      reader: (format) => {
        const [tidField, flagsField] = fieldsOf(format, 'common_pid', 'flags');
        return (record) => {
          const tid = record.number(tidField);
          const isRemount = (record.bits(flagsField) & remountFlags) !== 0n;
          return () => {
            if (isRemount && this.#remounting.size < maxEntered) this.#remounting.add(tid);
            else this.#remounting.delete(tid);
          };
        };
      },
    };
  }

  #mountCall(event: string): TraceSource {
    return {
      system: 'syscalls',
      event,
      filter: 'ret == 0',
      reader: (format) => {
        const [tidField] = fieldsOf(format, 'common_pid');
        return (record) => {
          const tid = record.number(tidField);
          return (time) => {
            const isRemount = event === 'sys_exit_mount' && this.#remounting.delete(tid);
            this.#mounted(event === 'sys_exit_umount' ? 'unmounted' : 'mounted', tid, time, isRemount);
          };
        };
      },
    };
  }

  /** Where a mount cannot be seen, in another namespace or gone already, that it was made is told at least. */
  #mounted(action: 'mounted' | 'unmounted', tid: number, time: number, isRemount: boolean): void {
    const actor = this.#actor(tid);
    const elsewhere = actor?.surroundings?.namespaces?.find((name) => name.startsWith('mnt:'));
    if (elsewhere === undefined && this.#compare(time, 'tracefs', actor) > 0) return;
    if (isRemount) return;
    this.#emit({
      type: 'mount.change',
      time,
      'event.provider': 'tracefs',
      'event.action': action,
      'mount.namespace': elsewhere?.slice('mnt:'.length),
      ...actorFieldsOf(actor),
    });
  }
}
