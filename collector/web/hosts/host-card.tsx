import { pageOfHost } from '../data/address.ts';
import { Visible } from '../text/visible.tsx';
import { durationWords } from '../time/duration.ts';
import { Lost, RiskScore } from './host-columns.tsx';
import { PresenceMark } from './presence-mark.tsx';
import { SensorsInShort } from './sensors.tsx';
import type { HostRow } from './use-host-rows.ts';

/** A host in a narrow list. */
export function HostCard({ row }: { row: HostRow }) {
  const { host, presence, risk, lagMs, sensors, ledger } = row;
  return (
    <div className="host-card">
      <span className="alert-card-head">
        <a className="host-link" href={pageOfHost(host.id)}>
          <Visible text={host.hostname} />
        </a>
        <PresenceMark presence={presence} />
      </span>
      <span className="muted">
        <Visible text={[host.os, host.osVersion].filter(Boolean).join(' ')} />
      </span>
      <dl>
        <div>
          <dt>Risk</dt>
          <dd>
            <RiskScore score={risk} />
          </dd>
        </div>
        <div>
          <dt>Lag</dt>
          <dd>{lagMs === undefined ? '–' : durationWords(lagMs)}</dd>
        </div>
        <div>
          <dt>Sensors</dt>
          <dd>
            <SensorsInShort sensors={sensors} />
          </dd>
        </div>
        <div>
          <dt>Lost</dt>
          <dd>
            <Lost ledger={ledger} />
          </dd>
        </div>
      </dl>
    </div>
  );
}
