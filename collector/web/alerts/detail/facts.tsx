import type { AlertJson } from '../../../api/json/alert.ts';
import { alertsWith, pageOfAlert, pageOfHost, pageOfRule } from '../../data/address.ts';
import { figure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';
import { Exact } from '../../time/instant.tsx';
import { userOf } from '../alert-what.tsx';

/** Where, who, when, how often, how sure. */
export function Facts({ alert }: { alert: AlertJson }) {
  const user = userOf(alert);
  const entity = Object.entries(alert.entity);
  return (
    <dl className="facts">
      <dt>Host</dt>
      <dd>
        <a href={pageOfHost(alert.hostId)}>
          <Visible text={alert.hostName} />
        </a>
      </dd>
      {user !== '' && (
        <>
          <dt>User</dt>
          <dd>
            <a href={alertsWith({ user, status: 'all' })}>
              <Visible text={user} />
            </a>
          </dd>
        </>
      )}
      {entity.length > 0 && (
        <>
          <dt>About</dt>
          <dd>
            {entity.map(([field, value]) => (
              <span key={field} className="pair">
                <span className="muted">{field}</span> <Visible text={String(value)} />{' '}
              </span>
            ))}
          </dd>
        </>
      )}
      <dt>Confidence</dt>
      <dd>
        {alert.confidence} %, <Visible text={alert.confidenceReason} />
      </dd>
      <dt>Events</dt>
      <dd>{figure(alert.count)}</dd>
      <dt>First event</dt>
      <dd>
        <Exact at={alert.firstEventAt} />
      </dd>
      <dt>Last event</dt>
      <dd>
        <Exact at={alert.lastEventAt} />
      </dd>
      <dt>Rule</dt>
      <dd>
        <a href={pageOfRule(alert.ruleId)}>
          <Visible text={alert.ruleId} />
        </a>
      </dd>
      {alert.previousId !== null && (
        <>
          <dt>The same before</dt>
          <dd>
            <a href={pageOfAlert(alert.previousId)}>
              <Visible text={alert.previousId} />
            </a>
          </dd>
        </>
      )}
      {alert.note !== null && (
        <>
          <dt>Note</dt>
          <dd className="alert-note">
            <Visible text={alert.note} />
          </dd>
        </>
      )}
    </dl>
  );
}
