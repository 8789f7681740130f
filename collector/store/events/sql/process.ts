/** The hunting process: runs statements, gives their parts when asked for, watches its own memory. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { VedetteError } from '#shared/errors.ts';
import { KeyRing, keyVariable } from '../../../encryption/key-ring.ts';
import type { FromProcess, ProcessSettings, RunPart, RunRequest, ToProcess } from './contract.ts';
import { addKeys, openDuckdb } from './duckdb.ts';
import { FileGone } from './failure.ts';
import { FileBlooms } from './file-blooms.ts';
import { FileColumns } from './file-columns.ts';
import { Run, type RunDeps } from './run.ts';
import { Snapshots } from './snapshot.ts';
import type { HostName } from './views.ts';

const lookMs = 200;
/** What this process may take besides what the engine may: at this it stops what runs. */
const stopMemoryBytes = 384 * 1024 ** 2;
/** At this it ends itself; the collector starts another when it needs one. */
const endMemoryBytes = 768 * 1024 ** 2;
/** Below the collector's own work, which must not wait for a hunt. */
const niceness = 5;
/** How often a statement begins, where files it was to read are replaced meanwhile. */
const maxAttempts = 5;

/** A statement that runs. */
interface Running {
  readonly connection: DuckDBConnection;
  readonly parts: AsyncGenerator<RunPart>;
  /** Why it was interrupted by us; the engine only says that it was. */
  reason: VedetteError | undefined;
  /** A part of it is being made. */
  isBusy: boolean;
  readonly deadline: NodeJS.Timeout;
}

/** Whoever asked once will ask again: so long after a statement, what arrives of its types is made ready for the next. */
const readyForMs = 60_000;
/** Longest that it goes on at a time. */
const maxReadyMs = 1000;
/**
 * The share of the time that this may take, and how long it rests at least. More while a statement runs: whatever comes
 * after a long one would else wait for all that arrived meanwhile.
 */
const readyPaces = { busy: { share: 0.25, restMs: 100 }, idle: { share: 0.1, restMs: 1000 } };

export class HuntProcess {
  readonly #running = new Map<number, Running>();
  /** Those that wait for the process to be ready. */
  readonly #starting = new Set<number>();
  #settings!: ProcessSettings;
  #connections: DuckDBConnection[] = [];
  #snapshots!: Snapshots;
  #columns!: FileColumns;
  readonly #blooms = new FileBlooms();
  #ring!: KeyRing;
  /** Ids of the keys that the engine has. */
  readonly #keys = new Set<string>();
  #hosts: readonly HostName[] = [];
  #looking: NodeJS.Timeout | undefined;
  /** When somebody asked for a type last. */
  readonly #asked = new Map<string, number>();
  #readying: NodeJS.Timeout | undefined;
  #isReadying = false;
  #opened: Promise<void> | undefined;

  serve(): void {
    // The engine makes result files itself; nobody else may read them.
    process.umask(0o077);
    process.on('message', (message: ToProcess) => this.#receive(message));
    // The collector has gone, maybe without a word. A statement may hold threads that an orderly exit would wait for.
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
    // The terminal sends these to the whole group; the collector decides.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  }

  #receive(message: ToProcess): void {
    switch (message.say) {
      case 'open':
        this.#opened = this.#open(message.settings);
        this.#opened.catch(() => undefined);
        return;
      case 'hosts':
        this.#hosts = message.hosts;
        return;
      case 'run':
        void this.#start(message.number, message.request);
        return;
      case 'next':
        void this.#next(message.number);
        return;
      case 'cancel':
        this.#cancel(message.number);
        return;
    }
  }

  async #open(settings: ProcessSettings): Promise<void> {
    this.#settings = settings;
    preferredVictim();
    const { workFolder, segmentFolder } = settings;
    const folders = ['tail', 'results', 'spill'].map((name) => join(workFolder, name));
    rmSync(workFolder, { recursive: true, force: true });
    for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [tail, results, spill] = folders as [string, string, string];
    this.#ring = new KeyRing(settings.keyFile, { [keyVariable]: settings.keys });
    this.#snapshots = new Snapshots(settings.journalPath, segmentFolder, tail, this.#ring);
    this.#columns = new FileColumns(this.#ring);
    this.#connections = [
      ...(await openDuckdb({
        ...settings,
        // What the engine would put there is not encrypted.
        spillBytes: this.#ring.isInUse ? 0 : settings.spillBytes,
        spillFolder: spill,
        folders: [segmentFolder, tail, results],
      })),
    ];
  }

  async #start(number: number, request: RunRequest): Promise<void> {
    this.#starting.add(number);
    try {
      await this.#opened;
      if (!this.#starting.delete(number)) throw new VedetteError('hunt.cancelled', 'It had not begun.');
      const connection = this.#connections.pop();
      if (connection === undefined) throw new VedetteError('hunt.busy', 'Every connection is in use.');
      const { timeoutMs } = request.bounds;
      const running: Running = {
        connection,
        parts: this.#partsOf(number, connection, request),
        reason: undefined,
        isBusy: false,
        deadline: setTimeout(() => {
          this.#stop(number, new VedetteError('hunt.limit', `It ran longer than ${timeoutMs / 1000} s.`));
        }, timeoutMs),
      };
      this.#running.set(number, running);
      this.#looking ??= setInterval(() => this.#look(), lookMs);
      await this.#next(number);
    } catch (error) {
      this.#fail(number, error);
    }
  }

  /**
   * Files of a snapshot may be replaced before the engine has opened them. As long as no row has left, the statement
   * begins again with what is stored then.
   */
  async *#partsOf(
    number: number,
    connection: DuckDBConnection,
    request: RunRequest,
  ): AsyncGenerator<RunPart> {
    const deadline = performance.now() + request.bounds.timeoutMs;
    let given = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        for await (const part of this.#attempt(number, connection, request, deadline)) {
          if (part.part === 'columns' && given > 0) continue;
          given++;
          yield part;
        }
        return;
      } catch (error) {
        if (!(error instanceof FileGone) || given > 1 || attempt === maxAttempts) throw error;
      }
    }
  }

  async *#attempt(
    number: number,
    connection: DuckDBConnection,
    request: RunRequest,
    deadline: number,
  ): AsyncGenerator<RunPart> {
    const deps: RunDeps = {
      take: async (types) => {
        for (const type of types) this.#asked.set(type, performance.now());
        const snapshot = await this.#snapshots.take(types, deadline);
        this.#readyIn(readyPaces.busy.restMs);
        try {
          await addKeys(connection, this.#ring, this.#keys);
        } catch (error) {
          snapshot.release();
          throw error;
        }
        return snapshot;
      },
      columnsOf: (segments) => this.#columns.of(segments),
      canHold: (segment, needed) => this.#blooms.canHold(segment, needed),
      hosts: this.#hosts,
      isStopped: () => this.#running.get(number)?.reason !== undefined,
    };
    yield* new Run(connection, request, deps).parts();
  }

  async #next(number: number): Promise<void> {
    const running = this.#running.get(number);
    if (running === undefined) return;
    running.isBusy = true;
    try {
      const { value, done } = await running.parts.next();
      running.isBusy = false;
      if (running.reason !== undefined) throw running.reason;
      if (done) return;
      if (value.part === 'end') await this.#end(number, running);
      this.#post({ number, part: value });
    } catch (error) {
      await this.#endFailed(number, running, error);
    }
  }

  async #endFailed(number: number, running: Running, error: unknown): Promise<void> {
    if (await this.#end(number, running)) this.#fail(number, running.reason ?? error);
  }

  /** Frees its connection; false when that was done before. */
  async #end(number: number, running: Running): Promise<boolean> {
    if (!this.#running.delete(number)) return false;
    clearTimeout(running.deadline);
    // Runs what is left of the generator: views are dropped, files given up.
    await running.parts.return(undefined).catch(() => undefined);
    this.#connections.push(running.connection);
    if (this.#running.size === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
    }
    return true;
  }

  #readyIn(ms: number): void {
    if (this.#isReadying) return;
    clearTimeout(this.#readying);
    this.#readying = setTimeout(() => void this.#makeReady(), ms);
  }

  async #makeReady(): Promise<void> {
    const began = performance.now();
    for (const [type, at] of this.#asked) if (began > at + readyForMs) this.#asked.delete(type);
    if (this.#asked.size === 0) return;
    this.#isReadying = true;
    const types = new Set(this.#asked.keys());
    // What fails is told by the next statement, which meets it too.
    const taken = await this.#snapshots.take(types, began + maxReadyMs).catch(() => undefined);
    taken?.release();
    this.#isReadying = false;
    const { share, restMs } = this.#running.size > 0 ? readyPaces.busy : readyPaces.idle;
    this.#readyIn(Math.max(restMs, (performance.now() - began) * (1 / share - 1)));
  }

  #cancel(number: number): void {
    if (this.#running.has(number))
      this.#stop(number, new VedetteError('hunt.cancelled', 'Somebody cancelled it.'));
    else this.#starting.delete(number);
  }

  /** Interrupts it; one that waits for somebody to take its next part ends here. */
  #stop(number: number, reason: VedetteError): void {
    const running = this.#running.get(number);
    if (running === undefined) return;
    running.reason ??= reason;
    if (running.isBusy) running.connection.interrupt();
    else void this.#endFailed(number, running, reason);
  }

  #look(): void {
    const used = process.memoryUsage.rss() - this.#settings.memoryBytes;
    if (used > stopMemoryBytes) {
      const error = new VedetteError('hunt.limit', 'It took more memory than it may.');
      for (const number of this.#running.keys()) this.#stop(number, error);
      if (used > endMemoryBytes) this.#giveUp(error);
    }
    for (const [number, { connection, reason, isBusy }] of this.#running) {
      // An interruption is lost on a statement that was just about to begin.
      if (reason !== undefined && isBusy) connection.interrupt();
      const { percentage } = connection.progress;
      if (percentage >= 0) this.#post({ number, percent: percentage });
    }
  }

  /** The engine is in the middle of something that it does not interrupt. */
  #giveUp(error: VedetteError): void {
    const numbers = [...this.#running.keys()];
    this.#running.clear();
    for (const number of numbers) this.#fail(number, error);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), lookMs);
  }

  #fail(number: number, error: unknown): void {
    const known =
      error instanceof VedetteError ? error : new VedetteError('hunt.failed', `${(error as Error).message}.`);
    this.#post({ number, failure: { code: known.code, detail: known.detail } });
  }

  #post(message: FromProcess): void {
    if (process.connected) process.send?.(message);
  }
}

/** When memory runs out, the kernel is to end this process rather than the collector; and it yields to it. */
function preferredVictim(): void {
  try {
    setPriority(niceness);
    if (process.platform === 'linux') writeFileSync('/proc/self/oom_score_adj', '800');
  } catch {
    // A sandbox may forbid either; hunts run all the same.
  }
}
