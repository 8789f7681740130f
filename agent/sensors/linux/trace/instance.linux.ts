import {
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { VedetteError } from '#shared/errors.ts';
import { toolOutput } from '../../tool.ts';
import { parseTraceFormat, type TraceFormat } from './format.ts';
import { type PageLayout, parsePageLayout } from './page.ts';

/** Where tracefs is found: its own place, and the old one inside debugfs (Documentation/trace/ftrace.rst). */
const usualRoot = '/sys/kernel/tracing';
const oldRoot = '/sys/kernel/debug/tracing';

/** What the kernel says of one processor's buffer, all since the instance was made. */
export interface BufferStats {
  /** Records that will never be read: overwritten, dropped for want of room, or lost to nesting. */
  readonly lost: number;
  /** The trace clock now, in nanoseconds. */
  readonly nowNs: number;
}

/**
 * Where tracefs is, mounting it when that is root's to do; or why there is none, in words. Containers and
 * unprivileged users have none.
 */
export async function findTracefs(): Promise<{ root: string } | { reason: string }> {
  for (const root of [usualRoot, oldRoot]) if (existsSync(join(root, 'instances'))) return { root };
  if (process.getuid?.() !== 0) return { reason: 'tracefs can be read by root only' };
  if (existsSync(usualRoot)) await toolOutput('mount', ['-t', 'tracefs', 'nodev', usualRoot]);
  return existsSync(join(usualRoot, 'instances'))
    ? { root: usualRoot }
    : { reason: 'tracefs is not mounted and could not be' };
}

/**
 * A set of trace buffers of our own under `instances/`, one for each processor, which nobody else's tracing touches.
 * It lives in the kernel until it is removed: a process that was killed leaves it, and the next of the same name
 * takes it away.
 */
export class TraceInstance {
  readonly layout: PageLayout;
  readonly #root: string;
  readonly #path: string;
  #enabled: string[] = [];

  private constructor(root: string, path: string, layout: PageLayout) {
    this.#root = root;
    this.#path = path;
    this.layout = layout;
  }

  /**
   * Makes the instance. Throws `agent.already_running` when a process holds
   * one of this name, and what the file system throws when tracefs refuses.
   */
  static make(root: string, name: string): TraceInstance {
    const layout = parsePageLayout(readFileSync(join(root, 'events/header_page'), 'utf8'));
    if (layout === undefined) throw new Error('the form of trace pages is not understood');
    const path = join(root, 'instances', name);
    removeLeftover(path);
    mkdirSync(path);
    const instance = new TraceInstance(root, path, layout);
    instance.#write('trace_clock', 'boot');
    // Readers wake at the first record, not when half the buffer is full.
    instance.#write('buffer_percent', '0');
    return instance;
  }

  /**
   * Turns an event on, for those of its records that pass the filter. Undefined when this kernel has no such event
   * or refuses the filter, with what the event lacks.
   */
  enable(system: string, event: string, filter?: string): TraceFormat | undefined {
    try {
      const format = parseTraceFormat(
        readFileSync(join(this.#root, 'events', system, event, 'format'), 'utf8'),
      );
      if (format === undefined) return undefined;
      if (filter !== undefined) this.#write(`events/${system}/${event}/filter`, filter);
      this.#write(`events/${system}/${event}/enable`, '1');
      this.#enabled.push(`${system}:${event}`);
      return format;
    } catch {
      return undefined;
    }
  }

  /** Gives an event that is on another filter, or none. False when the kernel refuses: it keeps the one it has. */
  refilter(system: string, event: string, filter: string | undefined): boolean {
    try {
      this.#write(`events/${system}/${event}/filter`, filter ?? '0');
      return true;
    } catch {
      return false;
    }
  }

  disable(system: string, event: string): void {
    this.#enabled = this.#enabled.filter((name) => name !== `${system}:${event}`);
    try {
      this.#write(`events/${system}/${event}/enable`, '0');
    } catch {
      // It is not there, or the instance is gone: nothing is told either way.
    }
  }

  /** Gives each processor's buffer so much room. */
  resize(kib: number): void {
    this.#write('buffer_size_kb', String(kib));
  }

  /** Whether the instance still records, and with `withEvents` whether it does so what it was told to. */
  isOn(withEvents: boolean): boolean {
    const isTracing = readFileSync(join(this.#path, 'tracing_on'), 'utf8').trim() === '1';
    if (!isTracing || !withEvents) return isTracing;
    const events = readFileSync(join(this.#path, 'set_event'), 'utf8');
    const on = new Set(events.split('\n').map((line) => line.trim()));
    return this.#enabled.every((event) => on.has(event));
  }

  /** Opens every processor's pages for reading that never waits. */
  openPages(): number[] {
    const cpus = readdirSync(join(this.#path, 'per_cpu')).filter((name) => /^cpu\d+$/.test(name));
    return cpus.map((cpu) =>
      openSync(join(this.#path, 'per_cpu', cpu, 'trace_pipe_raw'), constants.O_RDONLY | constants.O_NONBLOCK),
    );
  }

  /** Sums over all processors. Throws when the instance was taken away. */
  stats(): BufferStats {
    let lost = 0;
    let nowNs = 0;
    for (const cpu of readdirSync(join(this.#path, 'per_cpu'))) {
      const text = readFileSync(join(this.#path, 'per_cpu', cpu, 'stats'), 'utf8');
      const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      lost += count('overrun') + count('commit overrun') + count('dropped events');
      const seconds = /^now ts:\s*(\d+)\.(\d{6})$/m.exec(text);
      if (seconds !== null) nowNs = Number(seconds[1]) * 1e9 + Number(seconds[2]) * 1000;
    }
    return { lost, nowNs };
  }

  /** Takes the instance away; every file of it must be closed. Never throws. */
  remove(): void {
    try {
      rmdirSync(this.#path);
    } catch {
      // Gone already, or held by another: the next start removes it.
    }
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#path, file), text);
  }
}

function removeLeftover(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'EBUSY') throw error;
    throw new VedetteError('agent.already_running', `Its trace instance ${path} is in use: ${message}.`);
  }
}
