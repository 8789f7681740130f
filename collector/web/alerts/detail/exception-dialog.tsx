import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertJson } from '../../../api/json/alert.ts';
import type { ExceptionJson } from '../../../api/json/exception.ts';
import { filterOf, proposedFields } from '../../../cli/alerts/scope-filter.ts';
import { request } from '../../data/request.ts';
import { Dialog } from '../../frame/dialog.tsx';
import { Failure } from '../../text/failure.tsx';
import { figure } from '../../text/figures.ts';
import { Code, Visible } from '../../text/visible.tsx';

const dayMs = 86_400_000;
const lives = [
  [1, 'A day'],
  [7, 'A week'],
  [30, '30 days'],
  [90, '90 days'],
] as const;
const usualDays = 30;

interface Preview {
  readonly alerts: number;
  readonly events: number;
  readonly truePositives: number;
  readonly lookedAt: number;
  readonly isCut: boolean;
}

type Scope = Readonly<Partial<Record<'rule' | 'hosts' | 'filter', string>>>;

/** Lets hits like those of an alert raise none for a while: of which fields, where, how long, why. */
export default function ExceptionDialog({ alert, onClose }: { alert: AlertJson; onClose: () => void }) {
  const proposed = proposedFields(alert);
  const [fields, setFields] = useState<ReadonlySet<string>>(() => new Set(proposed.slice(0, 2)));
  const [isAnyHost, setAnyHost] = useState(false);
  const [days, setDays] = useState<number>(usualDays);
  const [reason, setReason] = useState('');
  const filter = filterOf(
    alert,
    proposed.filter((field) => fields.has(field)),
  );
  const scope: Scope = {
    rule: alert.ruleId,
    ...(!isAnyHost && { hosts: alert.hostId }),
    ...(filter !== '' && { filter }),
  };
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      request<ExceptionJson>('POST', '/exceptions', {
        ...scope,
        reason: reason.trim(),
        expiresAt: new Date(Date.now() + days * dayMs).toISOString(),
      }),
    onSuccess() {
      void queries.invalidateQueries({ queryKey: ['exceptions'] });
      onClose();
    },
  });
  const toggle = (field: string) => {
    const next = new Set(fields);
    if (!next.delete(field)) next.add(field);
    setFields(next);
  };
  return (
    <Dialog title="Exception" onClose={onClose} className="exception">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <p>
          Hits of <Visible text={alert.ruleTitle} /> raise no alert any more where all of this holds. They are
          counted.
        </p>
        <fieldset>
          <legend>Values of the event</legend>
          {proposed.map((field) => (
            <label key={field} className="check">
              <input type="checkbox" checked={fields.has(field)} onChange={() => toggle(field)} />
              <span>
                <Code text={field} /> <Code text={String(alert.event[field])} wrap />
              </span>
            </label>
          ))}
          {proposed.length === 0 && <p className="muted">The event has no value that would hold again.</p>}
        </fieldset>
        <label className="check">
          <input type="checkbox" checked={isAnyHost} onChange={() => setAnyHost(!isAnyHost)} />
          <span>
            On every host, not only on <Visible text={alert.hostName} />
          </span>
        </label>
        <label>
          For
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {lives.map(([n, words]) => (
              <option key={n} value={n}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Why
          <input
            type="text"
            required
            data-first-focus
            maxLength={512}
            value={reason}
            placeholder="What it is and who said so"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <PreviewLine scope={scope} />
        {make.error !== null && <Failure error={make.error} retry={() => make.mutate()} />}
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={make.isPending || reason.trim() === ''}>
            Make the exception
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What it would have hidden lately, so that nobody hides more than they mean. */
function PreviewLine({ scope }: { scope: Scope }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['exception-preview', scope],
    queryFn: () => request<Preview>('POST', '/exceptions/preview', scope),
  });
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  return (
    <p
      className={data !== undefined && data.truePositives > 0 ? 'preview bad-figure' : 'preview'}
      role="status"
    >
      {data === undefined ? (
        'Looking what it would hide…'
      ) : (
        <>
          In the last 30 days it would have hidden <strong>{figure(data.alerts)}</strong>{' '}
          {data.alerts === 1 ? 'alert' : 'alerts'} of {figure(data.events)} events
          {data.truePositives > 0 && <>, {figure(data.truePositives)} of them found true</>}.
          {data.isCut && <> More alerts than {figure(data.lookedAt)} were not looked at.</>}
        </>
      )}
    </p>
  );
}
