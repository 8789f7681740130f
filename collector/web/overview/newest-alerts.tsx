import { anyAlert } from '../alerts/filters.ts';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { pageOfAlert } from '../data/address.ts';
import { useAlerts } from '../data/queries.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';

const shown = 8;
const open = { ...anyAlert, status: 'open' } as const;

/** The newest alerts that wait for somebody. */
export function NewestAlerts() {
  const { data, error, refetch } = useAlerts(open);
  const items = data?.pages[0]?.items.slice(0, shown) ?? [];
  return (
    <section className="panel" aria-labelledby="newest-title">
      <div className="panel-head">
        <h2 id="newest-title">Newest open alerts</h2>
        <a className="panel-link" href="/alerts">
          The queue
        </a>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data !== undefined && items.length === 0 && (
        <Empty title="No open alerts">A new one shows here the moment a rule matches.</Empty>
      )}
      <ul className="panel-body alert-lines">
        {items.map((alert) => (
          <li key={alert.id}>
            <LevelBadge level={alert.level} />
            <a href={pageOfAlert(alert.id)}>
              <Visible text={alert.ruleTitle} />
            </a>
            <span className="muted">
              <Visible text={alert.hostName} />
            </span>
            <span className="muted">
              <Ago at={alert.raisedAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
