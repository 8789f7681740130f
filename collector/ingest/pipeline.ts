import { Worker } from 'node:worker_threads';
import { fail, ok, type Result, VedetteError } from '#shared/errors.ts';
import type { AlertException, CorrelationTotals, DetectorTotals, LoadedRules } from '../store/contract.ts';
import type {
  BatchInput,
  BusAlert,
  MarksInput,
  PipelineInput,
  PipelineOptions,
  PipelineOutput,
  SwitchInput,
  Verdict,
} from './messages.ts';

export interface PipelineEvents {
  /** Verdicts on batches, in order; those of one connection are in the order they were given. */
  readonly onVerdicts: (verdicts: readonly Verdict[]) => void;
  readonly onStored: (stored: {
    readonly events: number;
    readonly counts: Readonly<Record<string, number>>;
  }) => void;
  /** Batches up to this id are of no more use to detection. */
  readonly onSealable: (upTo: number) => void;
  readonly onAlerts: (alerts: readonly BusAlert[]) => void;
  /** Events that a host saw acknowledged are not in the journal, and count as lost from now on. */
  readonly onLacking: (hostId: string, lost: number) => void;
  /** Something went wrong that operators should know; the pipeline goes on. */
  readonly onProblem: (code: string, detail: string) => void;
  /** The thread ended by itself: nothing works any more. */
  readonly onEnd: (error: Error) => void;
}

const youngMiB = 96;

/** The thread that decodes, makes durable and detects. Resolves once it can take batches. */
export class Pipeline {
  readonly #worker: Worker;
  readonly #events: PipelineEvents;
  #backlogBytes = 0;
  #lag = { batches: 0, ms: 0 };
  #correlations: CorrelationTotals = noTotals;
  #detectors: DetectorTotals = noDetectors;
  #isClosing = false;
  #rules: LoadedRules = { bundle: null, rules: [], problems: [] };
  /** Who waits for the answers to switches, in order. */
  readonly #switching: ((outcome: Result<LoadedRules>) => void)[] = [];

  private constructor(worker: Worker, events: PipelineEvents) {
    this.#worker = worker;
    this.#events = events;
  }

  static start(entry: URL, options: PipelineOptions, events: PipelineEvents): Promise<Pipeline> {
    // Decoded batches live briefly: in the usual small space for new objects they would be copied out of it first.
    const resourceLimits = { maxYoungGenerationSizeMb: youngMiB };
    const worker = new Worker(entry, { workerData: options, resourceLimits });
    const pipeline = new Pipeline(worker, events);
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: PipelineOutput) => {
        if (message.kind === 'refused') {
          reject(new VedetteError(message.error.code, message.error.detail));
          return;
        }
        pipeline.#receive(message);
        if (message.kind !== 'ready') return;
        worker.off('error', reject);
        worker.on('error', (error: Error) => events.onEnd(error));
        worker.on('exit', (code) => {
          for (const answer of pipeline.#switching.splice(0))
            answer(fail('rules.switch_failed', 'The collector is ending.'));
          if (!pipeline.#isClosing) events.onEnd(new Error(`the pipeline ended with ${code}`));
        });
        resolve(pipeline);
      });
    });
  }

  /** Bytes handed over and not yet judged. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  get lag(): { readonly batches: number; readonly ms: number } {
    return this.#lag;
  }

  get correlations(): CorrelationTotals {
    return this.#correlations;
  }

  get detectors(): DetectorTotals {
    return this.#detectors;
  }

  /** Those in force. */
  get rules(): LoadedRules {
    return this.#rules;
  }

  /** Hands a batch over; `data` is copied into a buffer of its own and moved to the thread. */
  submit(batch: BatchInput, data: Uint8Array): void {
    const own = new Uint8Array(data.length);
    own.set(data);
    this.#backlogBytes += data.length;
    const input: PipelineInput = { kind: 'batch', ...batch, data: own };
    this.#worker.postMessage(input, [own.buffer]);
  }

  /** Hands over what an agent has seen acknowledged; a verdict comes only where it could not be looked at. */
  settle(marks: MarksInput): void {
    this.#worker.postMessage({ kind: 'marks', ...marks } satisfies PipelineInput);
  }

  /** Hits of these raise no alerts from the next batch on. */
  except(exceptions: readonly AlertException[]): void {
    this.#worker.postMessage({ kind: 'exceptions', exceptions } satisfies PipelineInput);
  }

  /** Puts the rules of a bundle in force; gives them, or why those of before still are. */
  switchTo(bundle: SwitchInput): Promise<Result<LoadedRules>> {
    return new Promise((resolve) => {
      this.#switching.push(resolve);
      this.#worker.postMessage({ kind: 'switch', ...bundle } satisfies PipelineInput);
    });
  }

  #receive(message: PipelineOutput): void {
    switch (message.kind) {
      case 'switched':
        this.#rules = message.loaded;
        this.#events.onSealable(message.sealable);
        this.#switching.shift()?.(ok(message.loaded));
        return;
      case 'unswitched':
        this.#switching.shift()?.(fail(message.error.code, message.error.detail));
        return;
      case 'ready':
        this.#rules = message.loaded;
        this.#events.onSealable(message.sealable);
        return;
      case 'verdicts':
        for (const verdict of message.verdicts) this.#backlogBytes -= verdict.bytes;
        this.#events.onVerdicts(message.verdicts);
        return;
      case 'stored':
        this.#events.onStored(message);
        return;
      case 'detected':
        this.#lag = { batches: message.lagBatches, ms: message.lagMs };
        this.#correlations = message.correlations;
        this.#detectors = message.detectors;
        this.#events.onSealable(message.sealable);
        return;
      case 'alerts':
        this.#events.onAlerts(message.alerts);
        return;
      case 'lacking':
        this.#events.onLacking(message.hostId, message.lost);
        return;
      case 'problem':
        this.#events.onProblem(message.code, message.detail);
        return;
      case 'refused':
        return;
    }
  }

  /** Finishes what was handed over and ends the thread. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ kind: 'close' } satisfies PipelineInput);
    await ended;
  }
}

const noDetectors: DetectorTotals = { bytes: 0, detectors: [] };

const noTotals: CorrelationTotals = {
  groups: 0,
  sizeBytes: 0,
  evicted: 0,
  tooLate: 0,
  dropped: 0,
  unusable: 0,
};
