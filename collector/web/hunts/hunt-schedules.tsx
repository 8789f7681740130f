import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { HuntJson } from '../../api/json/hunt.ts';
import type { HuntScheduleJson } from '../../api/resources/hunt-schedules.ts';
import { request } from '../data/request.ts';
import { useMay } from '../session/caller.ts';
import { Confirm } from '../settings/confirm.tsx';
import { Refusal } from '../settings/refusal.tsx';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago, Exact } from '../time/instant.tsx';
import { useHunts } from './hunt-queries.ts';
import { ScheduleHunt } from './schedule-hunt.tsx';
import { everyWords, huntSchedulesKey, pathOfSchedule } from './schedule-words.ts';
import { ScheduledRows } from './scheduled-rows.tsx';

const lookMs = 15_000;

interface HuntSchedulesProps {
  /** The one that is looked at. */
  readonly hunt: HuntJson | undefined;
  /** Of its parameters, as they stand in the page. */
  readonly values: Readonly<Record<string, string>>;
}

/** Hunts that run by themselves, and how they last went. */
export function HuntSchedules({ hunt, values }: HuntSchedulesProps) {
  const mayKeep = useMay('triage');
  const [isAdding, setAdding] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: huntSchedulesKey,
    queryFn: () => request<{ items: readonly HuntScheduleJson[] }>('GET', '/hunt-schedules'),
    refetchInterval: lookMs,
  });
  const items = data?.items ?? [];
  const own = items.find((one) => one.hunt === hunt?.name);
  return (
    <section className="panel" aria-labelledby="hunt-schedules-title">
      <div className="panel-head">
        <h2 id="hunt-schedules-title">Run by themselves</h2>
        {mayKeep && hunt !== undefined && (
          <button type="button" className="button push-end" onClick={() => setAdding(true)}>
            {own === undefined ? 'Schedule this hunt…' : 'Change when it runs…'}
          </button>
        )}
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data !== undefined && items.length === 0 && (
        <p className="muted pad">
          None. A ready hunt can run every few minutes, or once a day, and raise an alert about what it had
          not found the time before.
          {hunt === undefined && ' Choose one to schedule it.'}
        </p>
      )}
      <ul className="rows">
        {items.map((schedule) => (
          <Scheduled key={schedule.hunt} schedule={schedule} mayKeep={mayKeep} />
        ))}
      </ul>
      {isAdding && hunt !== undefined && (
        <ScheduleHunt hunt={hunt} values={values} now={own} close={() => setAdding(false)} />
      )}
    </section>
  );
}

function Scheduled({ schedule, mayKeep }: { schedule: HuntScheduleJson; mayKeep: boolean }) {
  const queries = useQueryClient();
  const { hunt, enabled, level, nextAt, last } = schedule;
  const title = useHunts().data?.items.find(({ name }) => name === hunt)?.title ?? hunt;
  const [isShown, setShown] = useState(false);
  const again = { onSuccess: () => queries.invalidateQueries({ queryKey: huntSchedulesKey }) };
  const turn = useMutation({
    mutationFn: () => {
      const { everySeconds, dailyAt, spanSeconds, parameters } = schedule;
      const when = dailyAt === null ? { everySeconds } : { dailyAt };
      const body = { ...when, spanSeconds, level, parameters, enabled: !enabled };
      return request('PUT', pathOfSchedule(hunt), body);
    },
    ...again,
  });
  const remove = useMutation({ mutationFn: () => request('DELETE', pathOfSchedule(hunt)), ...again });
  return (
    <li>
      <div className="row-main">
        <strong>
          <a href={`/hunts?${new URLSearchParams({ hunt })}`}>
            <Visible text={title} />
          </a>
          {last?.error != null && <span className="tag bad">failed</span>}
          {!enabled && <span className="tag">off</span>}
        </strong>
        <span className="muted">
          {everyWords(schedule)}; {level === null ? 'new rows are kept' : `new rows are an alert, ${level}`}
          {nextAt !== null && (
            <>
              ; next <Exact at={nextAt} />
            </>
          )}
        </span>
        <LastRun last={last} />
        <Refusal error={turn.error ?? remove.error} />
      </div>
      <div className="row-actions">
        {last !== null && (
          <button type="button" className="button quiet" onClick={() => setShown(true)}>
            Rows
          </button>
        )}
        {mayKeep && (
          <button
            type="button"
            className="button quiet"
            disabled={turn.isPending}
            onClick={() => turn.mutate()}
          >
            {enabled ? 'Switch off' : 'Switch on'}
          </button>
        )}
        {mayKeep && (
          <Confirm words="Unschedule" act={() => remove.mutateAsync()}>
            It no longer runs by itself, and what it last found is forgotten. The hunt and its alerts stay.
          </Confirm>
        )}
      </div>
      {isShown && <ScheduledRows hunt={hunt} title={title} close={() => setShown(false)} />}
    </li>
  );
}

function LastRun({ last }: Pick<HuntScheduleJson, 'last'>) {
  if (last === null) return <span className="muted">It has not run yet.</span>;
  if (last.error !== null)
    return (
      <span className="check-bad">
        <Ago at={last.startedAt} />: <Visible text={last.error} />
      </span>
    );
  if (last.endedAt === null) return <span className="muted">It runs.</span>;
  const tookS = (Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000;
  return (
    <span className="muted">
      Last <Ago at={last.startedAt} />: {figure(last.rows)}
      {last.isCut && ' or more'} rows, {figure(last.newRows)} new, in {tookS.toFixed(1)} s
    </span>
  );
}
