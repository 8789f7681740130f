import { useState } from 'react';
import type { AlertJson } from '../../../api/json/alert.ts';
import { alertsWith, pageOfAlert } from '../../data/address.ts';
import { useAlertsOf } from '../../data/queries.ts';
import { Visible } from '../../text/visible.tsx';
import { Ago } from '../../time/instant.tsx';
import { anyAlert } from '../filters.ts';
import { LevelBadge } from '../level-badge.tsx';
import { AlertStatusWord } from '../status-word.tsx';

/** Shown of each kind; the queue has the rest. */
const shown = 5;

const kinds = [
  ['key', 'About the same'],
  ['rule', 'Same rule'],
  ['host', 'Same host'],
] as const;
type Kind = (typeof kinds)[number][0];

const sharedValue = (alert: AlertJson, kind: Kind) =>
  ({ key: alert.key ?? '', rule: alert.ruleId, host: alert.hostId })[kind];

/** Other alerts of the rule, on the host, or about the same. */
export function Similar({ alert }: { alert: AlertJson }) {
  const offered = kinds.filter(([kind]) => sharedValue(alert, kind) !== '');
  const [chosen, setChosen] = useState<Kind>('rule');
  const value = sharedValue(alert, chosen);
  const found = useAlertsOf(chosen, { ...anyAlert, status: 'all', [chosen]: value }, shown + 1);
  const others = (found.data?.items ?? []).filter(({ id }) => id !== alert.id).slice(0, shown);
  return (
    <section>
      <div className="section-head">
        <h3>Similar alerts</h3>
        <fieldset className="tabs small">
          <legend className="hidden-text">In what they are alike</legend>
          {offered.map(([kind, words]) => (
            <button key={kind} type="button" aria-pressed={kind === chosen} onClick={() => setChosen(kind)}>
              {words}
            </button>
          ))}
        </fieldset>
      </div>
      {found.data !== undefined && others.length === 0 && <p className="muted">There is no other.</p>}
      <ul className="alert-lines">
        {others.map((one) => (
          <li key={one.id}>
            <LevelBadge level={one.level} />
            <a href={pageOfAlert(one.id)}>
              <Visible text={one.ruleTitle} />
            </a>
            <span className="muted">
              <Visible text={one.hostName} />
            </span>
            <AlertStatusWord alert={one} />
            <span className="muted">
              <Ago at={one.raisedAt} />
            </span>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <p>
          <a href={alertsWith({ [chosen]: value, status: 'all' })}>All of them in the queue</a>
        </p>
      )}
    </section>
  );
}
