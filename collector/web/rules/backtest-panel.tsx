import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BacktestJson, BacktestReportJson, RuleOutcomeJson } from '../../api/json/backtest.ts';
import { request } from '../data/request.ts';
import { useBacktest } from '../data/rule-queries.ts';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';

const dayMs = 86_400_000;
const spans = [1, 7, 30];

interface BacktestPanelProps {
  readonly file: string;
  readonly text: string;
  /** Told what it came to, and null when it begins anew. */
  readonly reported: (report: BacktestReportJson | null) => void;
}

/** Runs the text as it stands over what is stored. */
export function BacktestPanel({ file, text, reported }: BacktestPanelProps) {
  const [days, setDays] = useState(7);
  const [id, setId] = useState<string | null>(null);
  const start = useMutation({
    mutationFn: () =>
      request<BacktestJson>('POST', '/backtests', {
        rules: [{ file, text }],
        since: new Date(Date.now() - days * dayMs).toISOString(),
      }),
    onSuccess(backtest) {
      setId(backtest.id);
      reported(null);
    },
  });
  const cancel = useMutation({ mutationFn: () => request('DELETE', `/backtests/${id}`) });
  const backtest = useBacktest(id).data;
  const report = backtest?.report ?? null;
  useEffect(() => reported(report), [report, reported]);
  const isRunning = backtest?.state === 'running' || backtest?.state === 'waiting';
  return (
    <div className="backtest">
      <h2>Backtest</h2>
      <div className="triage">
        <label>
          <span className="hidden-text">Over the last</span>
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {spans.map((n) => (
              <option key={n} value={n}>
                {n === 1 ? 'the last day' : `the last ${n} days`}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="button primary" disabled={isRunning} onClick={() => start.mutate()}>
          Run over stored events
        </button>
        {isRunning && (
          <button type="button" className="button" onClick={() => cancel.mutate()}>
            Cancel
          </button>
        )}
      </div>
      {start.error !== null && <Failure error={start.error} retry={() => start.mutate()} />}
      <div aria-live="polite">{backtest !== undefined && <State backtest={backtest} />}</div>
    </div>
  );
}

function State({ backtest: { state, progress, report, failure } }: { backtest: BacktestJson }) {
  if (report !== null) return <Report report={report} />;
  if (failure !== null)
    return (
      <p className="check-bad">
        <Visible text={failure.detail} />
      </p>
    );
  if (progress === null)
    return <p className="muted">{state === 'waiting' ? 'It waits for its turn.' : 'It begins.'}</p>;
  return (
    <p className="muted">
      {figure(progress.events)} of {figure(progress.of)} events, {figure(progress.alerts)} alerts so far
    </p>
  );
}

function Report({ report }: { report: BacktestReportJson }) {
  const { alerts, events, seconds, days, difference, outcomes } = report;
  const most = Math.max(1, ...days.map((day) => day.alerts));
  return (
    <>
      <p>
        <strong>{figure(alerts)} alerts</strong> in {figure(events.stored)} events, {seconds.toFixed(1)} s.{' '}
        {difference !== null && (
          <>
            {figure(difference.new)} new, {figure(difference.gone)} gone, {figure(difference.changed)} changed
            against the rules in force.
          </>
        )}
      </p>
      <ol className="day-bars">
        {days.map((day) => (
          <li key={day.day}>
            <span>{day.day}</span>
            <meter min={0} max={most} value={day.alerts} />
            <span className="figure">{figure(day.alerts)}</span>
          </li>
        ))}
      </ol>
      {outcomes
        .filter((outcome) => outcome.alerts > 0)
        .map((outcome) => (
          <Outcome key={outcome.id} outcome={outcome} />
        ))}
    </>
  );
}

const mostListed = 5;

function Outcome({ outcome: { title, hosts, values, examples, costNs } }: { outcome: RuleOutcomeJson }) {
  return (
    <section>
      <h3>
        <Visible text={title} />
      </h3>
      {costNs !== null && <p className="muted">{figure(costNs)} ns an event, alone</p>}
      <ul>
        {hosts.slice(0, mostListed).map(({ id, name, alerts }) => (
          <li key={id}>
            {figure(alerts)} on <Visible text={name} />
          </li>
        ))}
        {values.slice(0, mostListed).map(({ field, value, alerts }) => (
          <li key={`${field} ${value}`}>
            {figure(alerts)} with {field} <Visible text={value} />
          </li>
        ))}
        {examples.slice(0, mostListed).map(({ id, firstEventAt, hostName, reason }) => (
          <li key={id}>
            <Exact at={firstEventAt} /> on <Visible text={hostName} />: <Visible text={reason} />
          </li>
        ))}
      </ul>
    </section>
  );
}
