import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { HostJson } from '../../../api/json/host.ts';
import { request } from '../../data/request.ts';
import { Dialog } from '../../frame/dialog.tsx';
import { Failure } from '../../text/failure.tsx';
import { Visible } from '../../text/visible.tsx';

const changes = {
  revoke: ['Revoke', 'Its connection ends at once, and none is taken until it is restored.'],
  decommission: ['Take out of service', 'Its agent stops trying to connect; its events stay.'],
  restore: ['Restore', 'It may connect again.'],
} as const;
type Change = keyof typeof changes;

/** Shuts a host out, takes it out of service, or lets it back; each with a reason. */
export function HostState({ host }: { host: HostJson }) {
  const [asked, setAsked] = useState<Change | null>(null);
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (verb: Change) =>
      request<HostJson>('POST', `/hosts/${encodeURIComponent(host.id)}/${verb}`, {
        ...(reason.trim() !== '' && { reason: reason.trim() }),
      }),
    onSuccess() {
      setAsked(null);
      for (const queryKey of [['host', host.id], ['hosts']]) void queries.invalidateQueries({ queryKey });
    },
  });
  const offered: readonly Change[] = host.state === 'active' ? ['decommission', 'revoke'] : ['restore'];
  return (
    <>
      {offered.map((verb) => (
        <button key={verb} type="button" className="button" onClick={() => setAsked(verb)}>
          {changes[verb][0]}
        </button>
      ))}
      {asked !== null && (
        <Dialog title={changes[asked][0]} onClose={() => setAsked(null)}>
          <form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              change.mutate(asked);
            }}
          >
            <p>
              <Visible text={host.hostname} />: {changes[asked][1]}
            </p>
            <label>
              Why
              <input
                type="text"
                data-first-focus
                maxLength={256}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            </label>
            {change.error !== null && <Failure error={change.error} retry={() => change.mutate(asked)} />}
            <div className="form-end">
              <button type="button" className="button" onClick={() => setAsked(null)}>
                Cancel
              </button>
              <button type="submit" className="button primary" disabled={change.isPending}>
                {changes[asked][0]}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
