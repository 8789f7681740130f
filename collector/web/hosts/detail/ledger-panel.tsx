import { figure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';
import type { HostRow } from '../use-host-rows.ts';

/** What became of the events a host collected; every loss by its reason. */
export function LedgerPanel({ row }: { row: HostRow | undefined }) {
  const ledger = row?.ledger;
  if (ledger === undefined) return null;
  const reasons = Object.entries(ledger.lostByReason).filter(([, events]) => events > 0);
  return (
    <section className="panel" aria-labelledby="host-ledger">
      <div className="panel-head">
        <h2 id="host-ledger">Ledger</h2>
        <span className="muted">collected = stored + lost</span>
      </div>
      <dl className="panel-body facts">
        <dt>Collected</dt>
        <dd>{figure(ledger.collected)}</dd>
        <dt>Stored</dt>
        <dd>{figure(ledger.stored)}</dd>
        <dt>Detected</dt>
        <dd>{figure(ledger.detected)}</dd>
        <dt>Lost</dt>
        <dd className={ledger.lost > 0 ? 'bad-figure' : undefined}>{figure(ledger.lost)}</dd>
        {reasons.map(([reason, events]) => (
          <Reason key={reason} reason={reason} events={events} />
        ))}
        <dt>Unaccounted</dt>
        <dd className={ledger.unaccounted === 0 ? undefined : 'bad-figure'}>{figure(ledger.unaccounted)}</dd>
        <dt>Sent twice</dt>
        <dd>{figure(ledger.repeats)} batches, dropped</dd>
      </dl>
    </section>
  );
}

function Reason({ reason, events }: { reason: string; events: number }) {
  return (
    <>
      <dt>
        <Visible text={reason} />
      </dt>
      <dd>{figure(events)}</dd>
    </>
  );
}
