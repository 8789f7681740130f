import type { AlertJson } from '../../api/json/alert.ts';
import type { AlertFilters } from '../data/queries.ts';
import { Empty } from '../text/failure.tsx';
import { AlertRow } from './alert-row.tsx';

interface AlertListProps {
  readonly alerts: readonly AlertJson[];
  readonly current: string | undefined;
  readonly opened: string | null;
  readonly filters: AlertFilters;
  readonly loading: boolean;
  readonly more: (() => void) | undefined;
  readonly onOpen: (id: string) => void;
  readonly onFocus: (id: string) => void;
}

function nothing({ status, minLevel }: AlertFilters) {
  if (minLevel !== 'informational') return <Empty title="No alerts of this status and level" />;
  if (status === 'open') {
    return <Empty title="No open alerts">A new one shows here the moment a rule matches.</Empty>;
  }
  return <Empty title="No alerts of this status" />;
}

export function AlertList(props: AlertListProps) {
  const { alerts, current, opened, filters, loading, more, onOpen, onFocus } = props;
  if (loading) return <div className="empty muted">Loading…</div>;
  if (alerts.length === 0) return nothing(filters);
  return (
    <div className="alert-scroll">
      <ul className="alerts" aria-labelledby="alerts-title">
        {alerts.map((alert) => (
          <AlertRow
            key={alert.id}
            alert={alert}
            current={alert.id === current}
            open={alert.id === opened}
            onOpen={onOpen}
            onFocus={onFocus}
          />
        ))}
      </ul>
      {more !== undefined && (
        <button type="button" className="button more" onClick={more}>
          Show older alerts
        </button>
      )}
    </div>
  );
}
