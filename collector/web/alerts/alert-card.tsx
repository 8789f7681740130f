import type { AlertJson } from '../../api/json/alert.ts';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { AlertWhat, userOf } from './alert-what.tsx';
import { LevelBadge } from './level-badge.tsx';

/** An alert in a narrow list. */
export function AlertCard({ alert }: { alert: AlertJson }) {
  const user = userOf(alert);
  return (
    <div className="alert-card">
      <span className="alert-card-head">
        <LevelBadge level={alert.level} />
        {alert.status !== 'open' && <span className={`status ${alert.status}`}>{alert.status}</span>}
        {alert.count > 1 && <span className="times">×{figure(alert.count)}</span>}
        <span className="muted">
          <Ago at={alert.raisedAt} />
        </span>
      </span>
      <AlertWhat alert={alert} />
      <span className="muted">
        <Visible text={alert.hostName} />
        {user !== '' && (
          <>
            {' · '}
            <Visible text={user} />
          </>
        )}
      </span>
    </div>
  );
}
