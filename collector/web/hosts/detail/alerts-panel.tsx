import type { HostJson } from '../../../api/json/host.ts';
import { anyAlert } from '../../alerts/filters.ts';
import { LevelBadge } from '../../alerts/level-badge.tsx';
import { AlertStatusWord } from '../../alerts/status-word.tsx';
import { alertsWith, pageOfAlert } from '../../data/address.ts';
import { useAlertsOf } from '../../data/queries.ts';
import { Failure } from '../../text/failure.tsx';
import { Visible } from '../../text/visible.tsx';
import { Ago } from '../../time/instant.tsx';

const shown = 6;

/** The newest alerts on a host. */
export function AlertsPanel({ host }: { host: HostJson }) {
  const found = useAlertsOf('host', { ...anyAlert, status: 'all', host: host.id }, shown);
  const items = found.data?.items ?? [];
  return (
    <section className="panel" aria-labelledby="host-alerts">
      <div className="panel-head">
        <h2 id="host-alerts">Alerts</h2>
        <a className="panel-link" href={alertsWith({ host: host.id, status: 'all' })}>
          All in the queue
        </a>
      </div>
      <div className="panel-body">
        {found.error !== null && <Failure error={found.error} retry={() => void found.refetch()} />}
        {found.data !== undefined && items.length === 0 && <p className="muted">None so far.</p>}
        <ul className="alert-lines">
          {items.map((alert) => (
            <li key={alert.id}>
              <LevelBadge level={alert.level} />
              <a href={pageOfAlert(alert.id)}>
                <Visible text={alert.ruleTitle} />
              </a>
              <AlertStatusWord alert={alert} />
              <span className="muted">
                <Ago at={alert.raisedAt} />
              </span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
