import { Worker } from 'node:worker_threads';
import type { Retention } from './retention.ts';
import type { SealedRun } from './sealer.ts';
import type { SealerOptions } from './sealer-loop.ts';

export type SealerInput =
  /** Batches up to this id are detected, and their part in correlations is kept elsewhere. */
  | { readonly kind: 'sealable'; readonly upTo: number }
  | { readonly kind: 'retention'; readonly retention: Retention }
  | { readonly kind: 'close' };
export type SealerOutput =
  | { readonly kind: 'sealed'; readonly run: SealedRun }
  | { readonly kind: 'problem'; readonly detail: string };

export interface SealerEvents {
  readonly onSealed: (run: SealedRun) => void;
  /** Something went wrong that operators should know; it is tried again. */
  readonly onProblem: (detail: string) => void;
  /** The thread ended by itself. */
  readonly onEnd: (error: Error) => void;
}

/** The thread that seals. */
export class SealerThread {
  readonly #worker: Worker;
  readonly #stop: Int32Array;
  #isClosing = false;

  constructor(entry: URL, options: Omit<SealerOptions, 'stop'>, events: SealerEvents) {
    const stop = new SharedArrayBuffer(4);
    this.#stop = new Int32Array(stop);
    this.#worker = new Worker(entry, { workerData: { ...options, stop } satisfies SealerOptions });
    this.#worker.on('message', (message: SealerOutput) => {
      if (message.kind === 'sealed') events.onSealed(message.run);
      else events.onProblem(message.detail);
    });
    this.#worker.on('error', (error: Error) => events.onEnd(error));
    this.#worker.on('exit', (code) => {
      if (!this.#isClosing) events.onEnd(new Error(`the sealer ended with ${code}`));
    });
  }

  sealable(upTo: number): void {
    this.#worker.postMessage({ kind: 'sealable', upTo } satisfies SealerInput);
  }

  /** How long events are kept from now on. */
  retain(retention: Retention): void {
    this.#worker.postMessage({ kind: 'retention', retention } satisfies SealerInput);
  }

  /** What it is at is given up; nothing of it is left. */
  async close(): Promise<void> {
    this.#isClosing = true;
    Atomics.store(this.#stop, 0, 1);
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ kind: 'close' } satisfies SealerInput);
    await ended;
  }
}
