import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { HuntJson } from '../../api/json/hunt.ts';
import type { HuntScheduleJson } from '../../api/resources/hunt-schedules.ts';
import { levels } from '../../store/contract.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { Refusal } from '../settings/refusal.tsx';
import { Visible } from '../text/visible.tsx';
import { huntSchedulesKey, intervals, pathOfSchedule } from './schedule-words.ts';

const daily = 'daily';
const usualTime = '06:00';
const daySeconds = 86_400;
const spans = [
  [3_600, 'the last hour'],
  [daySeconds, 'the last day'],
  [7 * daySeconds, 'the last 7 days'],
  [30 * daySeconds, 'the last 30 days'],
] as const;

interface ScheduleHuntProps {
  readonly hunt: HuntJson;
  readonly values: Readonly<Record<string, string>>;
  readonly now: HuntScheduleJson | undefined;
  readonly close: () => void;
}

/** A choice among values, with one more where what holds is none of them. */
function withOwn(offered: readonly (readonly [number, string])[], own: number | undefined) {
  const isOffered = own === undefined || offered.some(([value]) => value === own);
  return isOffered ? offered : [...offered, [own, `${own} s`] as const];
}

/** Asks when a hunt is to run by itself, and what is to become of what it finds. */
export function ScheduleHunt({ hunt, values, now, close }: ScheduleHuntProps) {
  const queries = useQueryClient();
  const [every, setEvery] = useState(now?.dailyAt != null ? daily : String(now?.everySeconds ?? 3_600));
  const [time, setTime] = useState(now?.dailyAt ?? usualTime);
  const [spanSeconds, setSpan] = useState(now?.spanSeconds ?? daySeconds);
  const [level, setLevel] = useState<string>(now === undefined ? 'medium' : (now.level ?? ''));
  const parameters = Object.fromEntries(
    hunt.parameters.flatMap(({ name }) => {
      const value = values[name] ?? now?.parameters[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const save = useMutation({
    mutationFn: () =>
      request('PUT', pathOfSchedule(hunt.name), {
        ...(every === daily ? { dailyAt: time } : { everySeconds: Number(every) }),
        ...{ spanSeconds, parameters, level: level === '' ? null : level },
        enabled: now?.enabled ?? true,
      }),
    onSuccess() {
      void queries.invalidateQueries({ queryKey: huntSchedulesKey });
      close();
    },
  });
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title="Let the hunt run by itself" onClose={close}>
      <form className="form" onSubmit={submit}>
        <p>
          <Visible text={hunt.title} />
          {Object.entries(parameters).map(([name, value]) => (
            <span key={name} className="muted">
              {' '}
              ${name} = <Visible text={String(value)} />
            </span>
          ))}
        </p>
        <label>
          When
          <select data-first-focus value={every} onChange={(event) => setEvery(event.target.value)}>
            {withOwn(intervals, now?.everySeconds ?? undefined).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
            <option value={daily}>Once a day</option>
          </select>
        </label>
        {every === daily && (
          <label>
            At, UTC
            <input type="time" required value={time} onChange={(event) => setTime(event.target.value)} />
          </label>
        )}
        <label>
          Over events of
          <select value={spanSeconds} onChange={(event) => setSpan(Number(event.target.value))}>
            {withOwn(spans, now?.spanSeconds).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Rows that it had not found the time before
          <select value={level} onChange={(event) => setLevel(event.target.value)}>
            <option value="">are kept, without an alert</option>
            {levels.map((one) => (
              <option key={one} value={one}>
                raise an alert, {one}
              </option>
            ))}
          </select>
        </label>
        <Refusal error={save.error} />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={save.isPending}>
            Schedule
          </button>
        </div>
      </form>
    </Dialog>
  );
}
