import type { LedgerJson } from '../../api/json/status.ts';
import { pageOfHost } from '../data/address.ts';
import { useStatus } from '../data/queries.ts';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago, Exact } from '../time/instant.tsx';

const shown = 8;

interface Loss {
  readonly ledger: LedgerJson;
  readonly reason: string;
  readonly events: number;
}

function lossesOf(ledgers: readonly LedgerJson[]): readonly Loss[] {
  return ledgers
    .flatMap((ledger) => [
      ...Object.entries(ledger.lostByReason).map(([reason, events]) => ({ ledger, reason, events })),
      { ledger, reason: 'unaccounted, a defect', events: Math.abs(ledger.unaccounted) },
      { ledger, reason: 'stored twice, a defect', events: ledger.duplicates },
    ])
    .filter(({ events }) => events > 0)
    .sort((a, b) => b.events - a.events);
}

/** What was collected and what became of it; every loss with its reason and host. */
export function LossLedger() {
  const { data, error, refetch } = useStatus();
  if (error !== null && data === undefined)
    return (
      <section className="panel" aria-label="Ledger">
        <Failure error={error} retry={() => void refetch()} />
      </section>
    );
  const ledgers = data?.hosts ?? [];
  const sum = (of: 'collected' | 'stored' | 'lost' | 'pending') =>
    ledgers.reduce((total, ledger) => total + ledger[of], 0);
  const losses = lossesOf(ledgers);
  const { storage, detection } = data ?? {};
  return (
    <section className="panel" aria-labelledby="ledger-title">
      <div className="panel-head">
        <h2 id="ledger-title">Loss ledger</h2>
        <span className="muted">collected = stored + lost</span>
      </div>
      <dl className="panel-body ledger">
        <div>
          <dt>Collected</dt>
          <dd>{figure(sum('collected'))}</dd>
        </div>
        <div>
          <dt>Stored</dt>
          <dd>{figure(sum('stored'))}</dd>
        </div>
        <div>
          <dt>On their way</dt>
          <dd>{figure(sum('pending'))}</dd>
        </div>
        <div>
          <dt>Lost</dt>
          <dd className={losses.length > 0 ? 'bad-figure' : 'good'}>{figure(sum('lost'))}</dd>
        </div>
      </dl>
      <ul className="panel-body losses">
        {losses.slice(0, shown).map(({ ledger, reason, events }) => (
          <li key={`${ledger.hostId} ${reason}`}>
            <a href={pageOfHost(ledger.hostId)}>
              <Visible text={ledger.hostName} />
            </a>
            <span className="muted">
              <Visible text={reason} />
            </span>
            <span className="figure bad-figure">{figure(events)}</span>
          </li>
        ))}
        {data !== undefined && losses.length === 0 && <li className="good">Every event is accounted for.</li>}
        {storage?.fullAt != null && (
          <li className="bad-figure">
            The disk is full <Exact at={storage.fullAt} /> at this rate.
          </li>
        )}
        {detection !== undefined && detection.damagedBatches > 0 && (
          <li className="bad-figure">
            Detection could not read {figure(detection.damagedBatches)} batches: the disk has changed them.
          </li>
        )}
        {storage?.oldestEventAt != null && (
          <li className="muted">
            The oldest sealed event is from <Ago at={storage.oldestEventAt} />.
          </li>
        )}
      </ul>
    </section>
  );
}
