import type { ReactNode } from 'react';
import { anyAlert } from '../alerts/filters.ts';
import { pageOfAlert, pageOfHost } from '../data/address.ts';
import { useExceptions, useRollouts } from '../data/desk-queries.ts';
import { useAlertsOf, useHosts, useRules, useStatus } from '../data/queries.ts';
import { Empty } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';

interface Change {
  readonly key: string;
  readonly at: string;
  readonly words: ReactNode;
}

const shown = 10;

/** What people and hosts changed, from what each says of itself. */
function useChanges(): readonly Change[] {
  const hosts = useHosts().data?.items ?? [];
  const status = useStatus().data;
  const rules = useRules().data;
  const exceptions = useExceptions().data?.items ?? [];
  const rollouts = useRollouts().data?.items ?? [];
  const alerts = useAlertsOf('lately', { ...anyAlert, status: 'all' }, 50).data?.items ?? [];
  const changes: readonly (Change | false)[] = [
    ...hosts.map((host) => ({
      key: `enrolled ${host.id}`,
      at: host.enrolledAt,
      words: (
        <>
          <a href={pageOfHost(host.id)}>
            <Visible text={host.hostname} />
          </a>{' '}
          was enrolled
        </>
      ),
    })),
    ...hosts.map(
      (host) =>
        host.stateAt !== undefined && {
          key: `state ${host.id}`,
          at: host.stateAt,
          words: (
            <>
              <a href={pageOfHost(host.id)}>
                <Visible text={host.hostname} />
              </a>{' '}
              became {host.state}: <Visible text={host.stateReason ?? ''} />
            </>
          ),
        },
    ),
    ...alerts.map(
      (alert) =>
        alert.changedAt !== null && {
          key: `alert ${alert.id}`,
          at: alert.changedAt,
          words: (
            <>
              <a href={pageOfAlert(alert.id)}>
                <Visible text={alert.ruleTitle} />
              </a>{' '}
              {alert.status === 'open' ? 'was reopened' : `was ${alert.status}`} by{' '}
              <Visible text={alert.changedBy ?? 'somebody'} />
            </>
          ),
        },
    ),
    ...exceptions.map((exception) => ({
      key: `exception ${exception.id}`,
      at: exception.madeAt,
      words: (
        <>
          <Visible text={exception.madeBy} /> made an exception: <Visible text={exception.reason} />
        </>
      ),
    })),
    ...rollouts.map((rollout) => ({
      key: `rollout ${rollout.id}`,
      at: rollout.startedAt,
      words: (
        <>
          <Visible text={rollout.startedBy} /> rolls out rules {rollout.version}: {rollout.state}
        </>
      ),
    })),
    rules?.bundle != null && {
      key: 'bundle',
      at: rules.bundle.at,
      words: `Rules ${rules.bundle.version} came into force`,
    },
    status !== undefined && {
      key: 'start',
      at: status.startedAt,
      words: `The collector started, version ${status.version}`,
    },
  ];
  return changes.filter((change) => change !== false).sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** What changed lately, the newest first. */
export function Lately() {
  const changes = useChanges();
  return (
    <section className="panel" aria-labelledby="lately-title">
      <div className="panel-head">
        <h2 id="lately-title">Lately</h2>
      </div>
      {changes.length === 0 && <Empty title="Nothing changed" />}
      <ul className="panel-body lately">
        {changes.slice(0, shown).map(({ key, at, words }) => (
          <li key={key}>
            <span>{words}</span>
            <span className="muted">
              <Ago at={at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
