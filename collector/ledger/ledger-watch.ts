import { nowUs } from '#shared/clock.ts';
import { alertId } from '../detect/alert.ts';
import type { CollectorStatus, HostLedger, NewAlert } from '../store/contract.ts';

export interface LedgerWatchOptions {
  readonly everyMs: number;
  readonly status: () => Promise<CollectorStatus>;
  readonly raise: (alert: NewAlert) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const unexplained = {
  ruleId: '6c2f1c52-0b0e-4f5a-8f7e-5f8d3f1f6d0a',
  ruleTitle: 'Events unaccounted for',
  level: 'critical',
} as const;
const damaged = {
  ruleId: '0d2a6b0e-7a53-4b0c-9a39-8f6f0f1f3c77',
  ruleTitle: 'Stored events cannot be read',
  level: 'critical',
} as const;
const tags = ['attack.defense-evasion', 'attack.t1562.006'] as const;

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
        await this.#tell(hostId, `${unaccounted} ${duplicates}`, () => alertOf(host));
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

function alertOf(host: HostLedger): NewAlert {
  const { hostId, hostName, collected, stored, lost, unaccounted, duplicates } = host;
  const parts = [
    ...(unaccounted === 0
      ? []
      : [`of ${collected} events collected ${stored} are stored and ${lost} declared lost`]),
    ...(duplicates === 0 ? [] : [`${duplicates} batches are stored twice`]),
  ];
  const test = (field: string, value: number) =>
    value === 0 ? [] : [{ selection: 'ledger', field, value: String(value), test: 'is not 0' }];
  return ownAlert({
    ...unexplained,
    id: alertId('ledger', hostId, String(unaccounted), String(duplicates)),
    hostId,
    hostName,
    count: Math.abs(unaccounted) || duplicates,
    reason: `On ${hostName}, ${parts.join(', and ')}; the rest is unexplained.`,
    matches: [...test('unaccounted', unaccounted), ...test('duplicates', duplicates)],
  });
}

function damageAlert({ startedAt, detection }: CollectorStatus): NewAlert {
  const n = detection.damagedBatches;
  return ownAlert({
    ...damaged,
    id: alertId('ledger-damaged', String(startedAt)),
    hostId: '',
    hostName: 'collector',
    count: n,
    reason: `${n} batches in the journal cannot be read: the disk has changed them. No rule has seen their events.`,
    matches: [{ selection: 'ledger', field: 'damagedBatches', value: String(n), test: 'is not 0' }],
  });
}

type Own = Pick<
  NewAlert,
  'id' | 'ruleId' | 'ruleTitle' | 'level' | 'hostId' | 'hostName' | 'count' | 'reason' | 'matches'
>;

function ownAlert(own: Own): NewAlert {
  const now = nowUs();
  const event = {
    type: 'loss',
    time: now,
    'loss.count': own.count,
    'loss.reason': 'unexplained',
    'host.id': own.hostId,
    'host.name': own.hostName,
  } as const;
  return { ...own, tags, raisedAt: now, firstEventAt: now, lastEventAt: now, eventIds: [], event };
}
