import type { CollectorStatus, NewAlert } from '../store/contract.ts';
import { damageAlert, unexplainedAlert } from './ledger-alerts.ts';

export interface LedgerWatchOptions {
  readonly everyMs: number;
  readonly status: () => Promise<CollectorStatus>;
  readonly raise: (alert: NewAlert) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Reconciles the ledgers again and again. Losses that agents declare raise their alert by a rule; what no event
 * explains is found here: a host whose collected events are neither stored nor declared lost, events stored twice, and
 * batches that were stored and cannot be read any more.
 */
export class LedgerWatch {
  readonly #o: LedgerWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** What was told last, so that it is told again only when it changes. */
  readonly #told = new Map<string, string>();

  constructor(options: LedgerWatchOptions) {
    this.#o = options;
    this.#wait();
  }

  #wait(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look()
        .catch((error: unknown) => this.#o.onError(error))
        .finally(() => this.#wait());
    }, this.#o.everyMs);
  }

  async #look(): Promise<void> {
    const status = await this.#o.status();
    for (const host of status.hosts) {
      const { hostId, unaccounted, duplicates } = host;
      if (unaccounted !== 0 || duplicates !== 0)
        await this.#tell(hostId, `${unaccounted} ${duplicates}`, () => unexplainedAlert(host));
    }
    const { damagedBatches } = status.detection;
    if (damagedBatches > 0) await this.#tell('', String(damagedBatches), () => damageAlert(status));
  }

  async #tell(about: string, what: string, alert: () => NewAlert): Promise<void> {
    if (this.#told.get(about) === what) return;
    await this.#o.raise(alert());
    this.#told.set(about, what);
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
