import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { LinuxHost } from '../linux/host.ts';
import { KernelTrace } from '../linux/trace/kernel-trace.linux.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { endEvent, forkEvent, startEvent } from './events.ts';
import { ExecutableHashes, type HashedFile } from './executable-hashes.ts';
import { Haste } from './haste.linux.ts';
import { KernelProcesses } from './kernel.linux.ts';
import { reconcile } from './reconcile.linux.ts';
import type { ProcessEntry, ProcessFacts } from './table.ts';

/** Time between attempts to get kernel events where they could not be had. */
const retryMs = 30_000;
/** Time between comparisons of what the kernel told with what /proc shows. */
const reconcileMs = 60_000;
/** A process that split off and lives so long is told of, though it runs no program of its own. */
const forkAgeUs = 1_000_000;

/**
 * Fills the shared process table, whose changes become events: from the kernel's trace events where they can be had,
 * else by sampling /proc. What is lost by the one or missed by the other is made up by comparison with /proc.
 */
export class ProcessLinux implements Provider {
  readonly kind = 'linux';
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #hashes = new ExecutableHashes();
  readonly #haste = new Haste();
  #emit: Emit = () => {};
  #isFirst = true;
  #isDenied = false;
  #whySampled: string | undefined;
  #triedAtMs = 0;
  #reconciledAtMs = 0;
  #lost = 0;
  #lostSinceLook = 0;
  #pastCpuUs = 0;

  constructor(host: LinuxHost, settings: Settings) {
    this.#host = host;
    this.#settings = settings;
  }

  get mode(): 'kernel' | 'sampled' {
    return this.#host.kernel === undefined ? 'sampled' : 'kernel';
  }

  async open(): Promise<string | undefined> {
    return this.#host.whyNoProcesses();
  }

  async look(emit: Emit): Promise<void> {
    if (this.#isFirst) {
      this.#emit = emit;
      this.#isDenied = this.#host.reader.facts.isDenied();
      this.#host.reader.reset();
      this.#listen();
    }
    if (this.#host.kernel === undefined) await this.#tryKernel();
    const { kernel } = this.#host;
    if (this.#isFirst || kernel === undefined)
      this.#host.reader.scanIfOlder(this.#settings.intervalMs.process / 2);
    if (kernel !== undefined) this.#lookAtKernel(kernel.trace);
    this.#isFirst = false;
  }

  note(): string | undefined {
    const { kernel } = this.#host;
    const denied = this.#isDenied ? ["program files of other users' processes are not seen"] : [];
    const { unremembered } = this.#host.processes;
    const forgotten = unremembered > 0 ? [`${unremembered} processes were too many to remember`] : [];
    const unhashed =
      this.#hashes.skipped > 0 ? [`${this.#hashes.skipped} program files were not hashed`] : [];
    if (kernel === undefined) {
      const why = this.#whySampled === undefined ? '' : `, because ${this.#whySampled}`;
      return [
        `sampled${why}: processes shorter than the interval are not seen`,
        ...denied,
        ...forgotten,
        ...unhashed,
      ].join('; ');
    }
    const source = kernel.processes.readsArguments
      ? 'arguments from the kernel and /proc'
      : 'arguments from /proc: those of the very shortest processes may be missing';
    const lost = this.#lost > 0 ? [`${this.#lost} kernel records lost`] : [];
    return [source, ...lost, ...denied, ...forgotten, ...unhashed].join('; ');
  }

  lost(): number {
    return this.#lost;
  }

  cpuUs(): number {
    return this.#pastCpuUs + (this.#host.kernel?.trace.cpuUs ?? 0);
  }

  async close(): Promise<void> {
    this.#endKernel(undefined);
    this.#host.processes.listen(undefined);
    await this.#hashes.close();
  }

  #listen(): void {
    this.#host.processes.listen({
      started: (entry, facts, again, execAt) => {
        const sha256 = this.#hash(entry, facts);
        const isBaseline = this.#isFirst && execAt === undefined;
        const sampledAt = this.#isFirst || again ? nowUs() : Math.min(facts.startAt, nowUs());
        const provider = execAt === undefined ? 'procfs' : 'tracefs';
        this.#emit(startEvent(entry, { ...facts, sha256 }, execAt ?? sampledAt, isBaseline, provider));
      },
      forked: (entry) => this.#emit(forkEvent(entry)),
      ended: (entry, endAt, exitCode) => {
        this.#emit(endEvent(entry, endAt, exitCode, this.mode === 'kernel' ? 'tracefs' : 'procfs'));
      },
    });
  }

  #hash(entry: ProcessEntry, facts: ProcessFacts): string | undefined {
    const { pid, executable, hasEnded } = facts;
    if (executable === undefined) return undefined;
    const { entityId, surroundings } = entry;
    const link = hasEnded ? undefined : { at: `${this.#settings.procRoot}/${pid}/exe`, target: executable };
    const hasOwnFiles =
      surroundings === undefined || surroundings.namespaces?.some((name) => name.startsWith('mnt:'));
    const path = hasOwnFiles ? undefined : executable;
    return this.#hashes.of({ path, link }, !this.#isFirst, (file) =>
      this.#emit(hashEvent(executable, pid, entityId, file)),
    );
  }

  async #tryKernel(): Promise<void> {
    const { instance } = this.#settings.trace;
    const nowMs = Date.now();
    if (instance === '' || Math.abs(nowMs - this.#triedAtMs) < retryMs) return;
    this.#triedAtMs = nowMs;
    const trace = new KernelTrace({
      ...this.#settings.trace,
      name: instance,
      onLost: (count, from, to) => this.#lose(count, from, to),
      onBroken: (reason) => this.#endKernel(reason),
      onError: (error) => this.#settings.onError('process', error),
    });
    this.#whySampled = await openTrace(trace);
    if (this.#whySampled !== undefined) return;
    const processes = new KernelProcesses(this.#host, trace);
    const missing = processes.start();
    if (missing.length > 0) {
      trace.close();
      this.#whySampled = `the kernel has no ${missing.join(', ')}`;
      return;
    }
    if (!processes.readsArguments) {
      // Arguments must be read while the process lives, on a busy host too.
      this.#haste.begin();
      trace.bePrompt(true);
    }
    this.#host.reader.scan();
    this.#host.feedFrom({ trace, processes, tellsUsers: false });
    trace.afterRound((now) => processes.settle(now));
    processes.threads.read(this.#settings.procRoot, this.#host.userPids());
    trace.drain();
    this.#reconciledAtMs = nowMs;
  }

  #lookAtKernel(trace: KernelTrace): void {
    for (const entry of this.#host.processes.entries()) {
      if (entry.untold && nowUs() - entry.startAt > forkAgeUs) this.#host.processes.tell(entry);
    }
    const isDue = Math.abs(Date.now() - this.#reconciledAtMs) >= reconcileMs;
    if (!isDue && this.#lostSinceLook === 0) return;
    this.#host.kernel?.processes.probeLoaders();
    reconcile(this.#host, trace, this.#lostSinceLook > 0);
    this.#lostSinceLook = 0;
    this.#reconciledAtMs = Date.now();
  }

  #lose(count: number, from: number, to: number): void {
    this.#lost += count;
    this.#lostSinceLook += count;
    this.#emit({
      type: 'loss',
      time: to,
      'loss.count': count,
      'loss.reason': 'sensor-overrun',
      'loss.sensor': 'kernel',
      'loss.from': from,
      'loss.to': to,
    });
  }

  /** Back to sampling; what is known of the processes stays. */
  #endKernel(reason: string | undefined): void {
    this.#pastCpuUs = this.cpuUs();
    this.#host.kernel?.trace.close();
    this.#host.feedFrom(undefined);
    void this.#haste.end();
    this.#whySampled = reason;
    this.#triedAtMs = Date.now();
  }
}

async function openTrace(trace: KernelTrace): Promise<string | undefined> {
  try {
    return await trace.open();
  } catch (error) {
    if (error instanceof VedetteError) return error.message;
    throw error;
  }
}

function hashEvent(
  executable: string,
  pid: number,
  entityId: string,
  file: HashedFile,
): EventByType['executable.hash'] {
  return {
    type: 'executable.hash',
    time: nowUs(),
    'process.executable': executable,
    'process.hash.sha256': file.sha256,
    'file.size': file.sizeBytes,
    'file.mtime': file.mtimeAt,
    'file.inode': file.inode,
    'process.pid': pid,
    'process.entity_id': entityId,
  };
}
