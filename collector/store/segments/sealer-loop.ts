/** When to seal, merge and let go. */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import { KeyRing } from '../../encryption/key-ring.ts';
import { checkpointLog, failedSync, isFailedSync, type OnFailedSync } from '../failed-sync.ts';
import { openDatabase } from '../journal/database.ts';
import { Compactor } from './compactor.ts';
import { Manifest } from './manifest.ts';
import { resealBatches } from './reseal-batches.ts';
import { chooseOutdated, type Retention } from './retention.ts';
import { type RunBounds, type SealedRun, Sealer } from './sealer.ts';
import { removeFiles, removeStrangers } from './sweep.ts';

export interface SealerOptions {
  readonly journalPath: string;
  /** Of the keys of what is stored; empty where there is none. */
  readonly keyFile?: string;
  /** Detection's alerts and cursor are in it. */
  readonly controlPath: string;
  /** Of segments. */
  readonly folder: string;
  /** As many events in the journal, or one of them as old, are worth a segment. */
  readonly sealEvents: number;
  readonly sealMs: number;
  readonly retention: Retention;
  /** How long a file stays after it left the manifest: longer than any question takes. */
  readonly graceMs: number;
  /** Time between looks at whether there is anything to do. */
  readonly lookMs?: number;
  /** Its one Int32 is not 0 when what is at work is to be given up. */
  readonly stop: SharedArrayBuffer;
}

export interface SealerLoopEvents {
  readonly onSealed: (run: SealedRun) => void;
  readonly onProblem: (detail: string) => void;
  readonly onFailedSync: OnFailedSync;
}

const usualLookMs = 1000;
const retentionMs = 30_000;
/** Pause after something went wrong. */
const retryMs = 10_000;
const maxRunBytes = 64 * 1024 * 1024;

export class SealerLoop {
  readonly #o: SealerOptions;
  readonly #events: SealerLoopEvents;
  readonly #db: ReturnType<typeof openDatabase>;
  readonly #ring: KeyRing;
  readonly #sealer: Sealer;
  readonly #compactor: Compactor;
  readonly #manifest: Manifest;
  readonly #stop: Int32Array;
  readonly #lookMs: number;
  #retention: Retention;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #retainedAtMs = Number.NEGATIVE_INFINITY;
  /** Batches up to this id may be sealed. */
  sealable = 0;

  /** Throws `data.*`. */
  constructor(options: SealerOptions, events: SealerLoopEvents) {
    this.#o = options;
    this.#events = events;
    this.#stop = new Int32Array(options.stop);
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#db = openDatabase(options.journalPath, false);
    this.#manifest = new Manifest(this.#db);
    const ring = new KeyRing(options.keyFile);
    this.#ring = ring;
    this.#sealer = new Sealer(this.#db, options.folder, ring);
    this.#compactor = new Compactor(this.#db, options.folder, ring);
    removeStrangers(options.folder, this.#manifest, this.#manifest.garbage(Number.MAX_SAFE_INTEGER));
    this.#lookMs = options.lookMs ?? usualLookMs;
    this.#retention = options.retention;
    this.#look(this.#lookMs);
  }

  /** From the next look on. */
  set retention(retention: Retention) {
    this.#retention = retention;
    this.#retainedAtMs = Number.NEGATIVE_INFINITY;
  }

  #look(inMs: number): void {
    this.#timer = setTimeout(() => {
      this.#working = this.#work().then((pauseMs) => {
        if (!this.#isStopping()) this.#look(pauseMs);
      });
    }, inMs);
  }

  #isStopping(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  /** Gives how long to wait before the next look. */
  async #work(): Promise<number> {
    try {
      if (this.#ring.isInUse) resealBatches(this.#db, this.#ring);
      if (this.#isDue() && this.#seal()) return 0;
      this.#retain();
      if (!this.#isStopping() && this.#compactor.step(nowUs()) !== undefined) return 0;
      checkpointLog(this.#db);
      return this.#lookMs;
    } catch (error) {
      if (isFailedSync(error)) this.#events.onFailedSync(failedSync(this.#o.journalPath, error as Error));
      this.#events.onProblem(`${(error as Error).message}. It is tried again.`);
      return retryMs;
    }
  }

  #isDue(): boolean {
    const { events } = this.#db.prepare('SELECT events FROM total').get() as { events: number };
    if (events >= this.#o.sealEvents) return true;
    const oldest = this.#db.prepare('SELECT received_at FROM batch ORDER BY id LIMIT 1').pluck().get();
    return oldest !== undefined && (oldest as number) < nowUs() - this.#o.sealMs * 1000;
  }

  /**
   * Detection commits without waiting for the disk, because after a power cut it repeats from the journal. So what it
   * did is to be on the disk before the batches leave the journal.
   */
  #keepDetection(): void {
    const path = `${this.#o.controlPath}-wal`;
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (error) {
      // Without a log everything is in the database, and was synced.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      fsyncSync(fd);
    } catch (error) {
      this.#events.onFailedSync(failedSync(path, error as Error));
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  #seal(): boolean {
    const upTo = this.sealable;
    this.#keepDetection();
    const bounds: RunBounds = { maxEvents: this.#o.sealEvents, maxBytes: maxRunBytes };
    const run = this.#sealer.run(upTo, bounds, nowUs(), () => this.#isStopping());
    if (run === undefined) return false;
    this.#events.onSealed(run);
    checkpointLog(this.#db);
    return true;
  }

  #retain(): void {
    const now = performance.now();
    if (now - this.#retainedAtMs < retentionMs) return;
    this.#retainedAtMs = now;
    const outdated = chooseOutdated(this.#manifest.list(), this.#retention, nowUs());
    const forget = this.#db.transaction(() => this.#manifest.remove(outdated, nowUs()));
    if (outdated.length > 0) forget.immediate();
    const waste = this.#manifest.garbage(nowUs() - this.#o.graceMs * 1000);
    const gone = removeFiles(this.#o.folder, waste);
    const clear = this.#db.transaction(() => this.#manifest.forgetGarbage(gone));
    if (gone.length > 0) clear.immediate();
  }

  /** Ends when what it was at has ended. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#working;
    this.#db.close();
  }
}
