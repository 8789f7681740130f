import { Worker } from 'node:worker_threads';
import { VedetteError } from '#shared/errors.ts';
import type { ScanUnit } from '../store/scan/scan-source.ts';
import type { BacktestOrder } from './contract.ts';
import type { Scanned } from './scan.ts';

/** What a thread is started with: the range is the one with what correlations must have seen before it. */
export type ScanThreadData = Pick<
  BacktestOrder,
  'candidate' | 'inForce' | 'hosts' | 'hostIds' | 'since' | 'until'
>;

export type ScanAnswer = { readonly scanned: Scanned } | { readonly damaged: string };

/** Much is made for each value and thrown away soon. */
const youngMib = 192;

/** Threads that look through row groups. Each has one to work on and the next one waiting. */
export class ScanThreads {
  readonly #workers: readonly Worker[];
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(entry: URL, data: ScanThreadData, threads: number, memoryBytes: number) {
    const maxOldGenerationSizeMb = Math.floor(memoryBytes / threads / 2 ** 20);
    const resourceLimits = { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: youngMib };
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(entry, { workerData: data, resourceLimits });
      worker.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
      return worker;
    });
  }

  /**
   * What each unit came to, in the order of the units, with the number of it; at most a few are ahead of what was
   * taken. Rejects with `backtest.limit` when a thread needs more memory than it may.
   */
  async *scan(units: readonly ScanUnit[]): AsyncGenerator<ScanAnswer> {
    const answers = new Map<number, ScanAnswer>();
    let sent = 0;
    const ahead = this.#workers.length * 4;
    const free: Worker[] = [];
    const send = (worker: Worker, taken: number) => {
      if (sent < units.length && sent - taken < ahead)
        worker.postMessage({ number: sent, unit: units[sent++] });
      else free.push(worker);
    };
    let taken = 0;
    for (const worker of this.#workers) {
      worker.on('message', ({ number, answer }: { number: number; answer: ScanAnswer }) => {
        answers.set(number, answer);
        send(worker, taken);
        this.#wake();
      });
      send(worker, 0);
      send(worker, 0);
    }
    for (; taken < units.length; ) {
      if (this.#failure !== undefined) throw this.#failure;
      const answer = answers.get(taken);
      if (answer === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      answers.delete(taken++);
      for (const worker of free.splice(0)) send(worker, taken);
      yield answer;
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failure ??=
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new VedetteError('backtest.limit', 'A thread needed more memory than it may take.')
        : error;
    this.#wake();
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
