import type { HostProgressJson, RolloutJson } from '../../api/json/rollout.ts';
import { pageOfHost } from '../data/address.ts';
import { useCaller, useMay } from '../session/caller.ts';
import { Confirm } from '../settings/confirm.tsx';
import { Refusal } from '../settings/refusal.tsx';
import { figure, sizeOf } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { useClock } from '../time/clock.ts';
import { Exact } from '../time/instant.tsx';
import { isUnderWay, type RolloutProgressJson, useChangeRollout } from './rollout-queries.ts';
import { StateTag } from './state-tag.tsx';

/** One rollout: its stages, what each of its hosts comes to, and what can be done about it. */
export function RolloutPanel({ progress: { rollout, hosts } }: { progress: RolloutProgressJson }) {
  const { version, state, startedBy, startedAt, approvedBy, reason } = rollout;
  return (
    <section className="panel rollout" aria-labelledby="rollout-title">
      <div className="panel-head">
        <h2 id="rollout-title">Bundle {version}</h2>
        <StateTag state={state} />
        <p className="muted">
          started <Exact at={startedAt} /> by <Visible text={startedBy} />
          {approvedBy !== null && (
            <>
              , approved by <Visible text={approvedBy} />
            </>
          )}
        </p>
        <Actions rollout={rollout} />
      </div>
      {reason !== '' && (
        <div className={state === 'done' || state === 'running' ? 'notice' : 'notice bad'} role="status">
          <Visible text={reason} />
        </div>
      )}
      <Stages rollout={rollout} hosts={hosts} />
      <Hosts rollout={rollout} hosts={hosts} />
    </section>
  );
}

function Actions({ rollout }: { rollout: RolloutJson }) {
  const may = useMay('rules');
  const { name } = useCaller();
  const change = useChangeRollout();
  const { id, state, startedBy, version } = rollout;
  if (!may || !isUnderWay(rollout)) return null;
  return (
    <div className="push-end row-actions">
      {state === 'waiting' &&
        (startedBy === name ? (
          <span className="muted">Somebody else must approve it.</span>
        ) : (
          <button
            type="button"
            className="button primary"
            onClick={() => change.mutate({ id, verb: 'approve' })}
          >
            Approve
          </button>
        ))}
      {state === 'running' && (
        <button type="button" className="button" onClick={() => change.mutate({ id, verb: 'pause' })}>
          Pause
        </button>
      )}
      {(state === 'paused' || state === 'halted') && (
        <button
          type="button"
          className="button primary"
          onClick={() => change.mutate({ id, verb: 'resume' })}
        >
          Resume
        </button>
      )}
      <Confirm
        words="Roll back"
        className="button danger"
        act={() => change.mutateAsync({ id, verb: 'rollback' })}
      >
        All hosts that run bundle {version} go back to what was in force before.
      </Confirm>
      <Refusal error={change.error} />
    </div>
  );
}

/** The stages in order; the present one says how far it is. */
function Stages({ rollout, hosts }: RolloutProgressJson) {
  const { plan, stage, state } = rollout;
  const acked = hosts.filter(({ acknowledged }) => acknowledged).length;
  return (
    <ol className="stages">
      {plan.stages.map(({ name }, i) => {
        const isPast = i < stage || state === 'done';
        const isNow = i === stage && isUnderWay(rollout);
        return (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: stages may be called the same, and stay where they are.
            key={`${i} ${name}`}
            className={isPast ? 'past' : isNow ? 'now' : undefined}
            aria-current={isNow ? 'step' : undefined}
          >
            <strong>
              <Visible text={name} />
            </strong>
            <span>
              {isPast && 'through'}
              {isNow && (
                <>
                  {figure(acked)} of {figure(hosts.length)} run it
                  <Soak rollout={rollout} />
                </>
              )}
              {!isPast && !isNow && (state === 'rolled-back' ? 'not reached' : 'to come')}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** How long the stage is still watched. */
function Soak({ rollout: { ackedAt, plan, state } }: { rollout: RolloutJson }) {
  const endMs = ackedAt === null ? null : Date.parse(ackedAt) + plan.soakS * 1000;
  const leftS = useClock((nowMs) => (endMs === null ? -1 : Math.max(0, Math.ceil((endMs - nowMs) / 1000))));
  if (state !== 'running' || endMs === null) return null;
  const minutes = `${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')}`;
  return <>; watched for another {minutes}</>;
}

function Hosts({ rollout: { plan }, hosts }: RolloutProgressJson) {
  if (hosts.length === 0) return <p className="muted pad">No host is in it yet.</p>;
  const { gates } = plan;
  const heads = ['Host', 'State', 'Alerts an hour', 'Faults', 'Processor', 'Memory'];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section className="table-scroll" tabIndex={0} aria-label="Hosts of the rollout">
      <table className="hosts">
        <thead>
          <tr>
            {heads.map((name, i) => (
              <th key={name} scope="col" className={i > 1 ? 'figure' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => (
            <HostRow key={host.hostId} host={host} gates={gates} />
          ))}
        </tbody>
      </table>
      <p className="muted pad">
        Gates: at least {Math.round(gates.ackShare * 100)} % of the connected hosts run it within {gates.ackS}{' '}
        s; at most {figure(gates.maxFaults)} rules fail; alerts of a host at most {gates.alertFactor} times
        what is usual or expected, and never stopped below {figure(gates.minAlertsPerHour)} an hour; at most{' '}
        {Math.round(gates.maxCpuShare * 100)} % of a processor and {sizeOf(gates.maxRssBytes)}.
      </p>
    </section>
  );
}

function HostRow({ host, gates }: { host: HostProgressJson; gates: RolloutJson['plan']['gates'] }) {
  const { acknowledged, connected, code, detail, alertsPerHour, faults, cpuShare, rssBytes } = host;
  const figureCell = (name: string, text: string, isBeyond: boolean) => (
    <td className={isBeyond ? 'figure bad-figure' : 'figure'} data-label={name}>
      {acknowledged ? text : '–'}
    </td>
  );
  return (
    <tr>
      <td data-label="Host">
        <span className="host-name">
          <span
            className={connected ? 'dot on' : 'dot'}
            role="img"
            aria-label={connected ? 'connected' : 'not connected'}
          />
          <a href={pageOfHost(host.hostId)}>
            <Visible text={host.hostName} />
          </a>
        </span>
      </td>
      <td data-label="State">
        {acknowledged ? (
          <span className="check-good">runs it</span>
        ) : code === '' ? (
          <span className="muted">not yet</span>
        ) : (
          <span className="check-bad" title={detail}>
            {code} <Visible text={detail} />
          </span>
        )}
      </td>
      {figureCell('Alerts an hour', alertsPerHour.toFixed(1), alertsPerHour > gates.minAlertsPerHour)}
      {figureCell('Faults', figure(faults), faults > gates.maxFaults)}
      {figureCell('Processor', `${(cpuShare * 100).toFixed(1)} %`, cpuShare > gates.maxCpuShare)}
      {figureCell('Memory', sizeOf(rssBytes), rssBytes > gates.maxRssBytes)}
    </tr>
  );
}
