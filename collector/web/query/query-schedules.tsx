import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { QueryScheduleJson } from '../../api/resources/query-schedules.ts';
import { explain, request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { Failure } from '../text/failure.tsx';
import { Code, Visible } from '../text/visible.tsx';

const key = ['query-schedules'];
const pathOf = (name: string) => `/query-schedules/${encodeURIComponent(name)}`;
const intervals = [
  [60, 'every minute'],
  [300, 'every 5 minutes'],
  [900, 'every 15 minutes'],
  [3_600, 'every hour'],
  [86_400, 'every day'],
] as const;

const every = (seconds: number) =>
  intervals.find(([s]) => s === seconds)?.[1] ?? `every ${seconds.toLocaleString('en-US')} s`;

interface QuerySchedulesProps {
  readonly sql: string;
  readonly hosts: readonly string[];
}

/** Queries that hosts ask themselves; how the answers differ becomes events. */
export function QuerySchedules({ sql, hosts }: QuerySchedulesProps) {
  const queries = useQueryClient();
  const [isAdding, setAdding] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => request<{ items: readonly QueryScheduleJson[] }>('GET', '/query-schedules'),
  });
  const again = { onSuccess: () => queries.invalidateQueries({ queryKey: key }) };
  const change = useMutation({
    mutationFn: ({ name, enabled }: QueryScheduleJson) =>
      request('PATCH', pathOf(name), { enabled: !enabled }),
    ...again,
  });
  const remove = useMutation({ mutationFn: (name: string) => request('DELETE', pathOf(name)), ...again });
  const failure = change.error ?? remove.error;
  return (
    <section className="panel" aria-labelledby="schedules-title">
      <div className="panel-head">
        <h2 id="schedules-title">Asked again and again</h2>
        <button type="button" className="button push-end" onClick={() => setAdding(true)}>
          Schedule this statement…
        </button>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {failure !== null && <p className="check-bad pad-x">{explain(failure).what}</p>}
      {data?.items.length === 0 && (
        <p className="muted pad">
          None. What changes between two answers of a scheduled query becomes <code>query.result</code>{' '}
          events, which rules can match.
        </p>
      )}
      <ul className="rows">
        {data?.items.map((schedule) => (
          <li key={schedule.name}>
            <div className="row-main">
              <a href={`/events?${new URLSearchParams({ filter: `query.name:${schedule.name}` })}`}>
                {schedule.name}
              </a>
              <span className="muted">
                {schedule.enabled ? every(schedule.intervalSeconds) : 'switched off'}, on{' '}
                <Visible text={schedule.hosts.join(', ')} />
              </span>
              <Code text={schedule.sql.replaceAll(/\s+/g, ' ')} />
            </div>
            <div className="row-actions">
              <button type="button" className="button quiet" onClick={() => change.mutate(schedule)}>
                {schedule.enabled ? 'Switch off' : 'Switch on'}
              </button>
              <button type="button" className="button quiet" onClick={() => remove.mutate(schedule.name)}>
                Remove
              </button>
            </div>
          </li>
        ))}
      </ul>
      {isAdding && <AddSchedule sql={sql} hosts={hosts} close={() => setAdding(false)} />}
    </section>
  );
}

function AddSchedule({ sql, hosts, close }: QuerySchedulesProps & { readonly close: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [seconds, setSeconds] = useState(300);
  const add = useMutation({
    mutationFn: () => request('POST', '/query-schedules', { name, sql, hosts, intervalSeconds: seconds }),
    onSuccess() {
      void queries.invalidateQueries({ queryKey: key });
      close();
    },
  });
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog title="Schedule the statement" onClose={close}>
      <form className="form" onSubmit={submit}>
        <label>
          Name
          <input
            data-first-focus
            value={name}
            required
            pattern="[a-z0-9][a-z0-9_.\-]{0,63}"
            placeholder="listening-ports"
            onChange={(event) => setName(event.target.value)}
          />
          <span className="muted">Small letters, digits, “_”, “.” and “-”.</span>
        </label>
        <label>
          How often
          <select value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
            {intervals.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <p className="muted">
          On <Visible text={hosts.join(', ')} />.
        </p>
        {add.error !== null && (
          <p className="check-bad" role="alert">
            <Visible text={explain(add.error).what} />
          </p>
        )}
        <div className="form-end">
          <button type="submit" className="button primary" disabled={add.isPending}>
            Schedule
          </button>
        </div>
      </form>
    </Dialog>
  );
}
