import { explain } from '../data/request.ts';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import type { useStatusChange } from './triage.ts';

const done = { open: 'Reopened', acknowledged: 'Acknowledged', closed: 'Closed' } as const;

/** What came of the last change, and the way back. */
export function Outcome({ change }: { change: ReturnType<typeof useStatusChange> }) {
  if (change.error !== null) {
    const { what, action } = explain(change.error);
    return (
      <p className="notice bad" role="alert">
        <strong>
          <Visible text={what} />
        </strong>{' '}
        {action}
      </p>
    );
  }
  const { data, variables } = change;
  if (data === undefined || variables === undefined) return null;
  const ids = data.map(({ id }) => id);
  const gone = variables.ids.length - ids.length;
  return (
    <p className="outcome" role="status">
      {done[variables.status]} {ids.length === 1 ? 'an alert' : `${figure(ids.length)} alerts`}.
      {gone > 0 && <> {figure(gone)} are not there any more.</>}
      {variables.status !== 'open' && ids.length > 0 && (
        <button
          type="button"
          className="button quiet"
          onClick={() => change.mutate({ ids, status: 'open', note: '' })}
        >
          Reopen
        </button>
      )}
      <button type="button" className="button quiet" onClick={change.reset}>
        Hide
      </button>
    </p>
  );
}
