import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { pageOfHost } from '../data/address.ts';
import { useHosts } from '../data/queries.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { Visible } from '../text/visible.tsx';
import { Copyable } from './copyable.tsx';
import { LifeChoice } from './life-choice.tsx';
import { Refusal } from './refusal.tsx';
import { useChange } from './resource.ts';

const hourS = 3_600;
const lives = [
  [hourS, 'an hour'],
  [24 * hourS, 'a day'],
  [7 * 24 * hourS, '7 days'],
  [30 * 24 * hourS, '30 days'],
] as const;

interface Made {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string;
}

/** Makes a token, shows the command to run, and then each host as it comes. */
export function NewEnrolment({ close }: { close: () => void }) {
  const [uses, setUses] = useState(1);
  const [lifeSeconds, setLifeSeconds] = useState<number>(hourS);
  const [hosts, setHosts] = useState('');
  const make = useChange(() =>
    request<Made>('POST', '/enrolment-tokens', {
      ...{ maxUses: uses, lifeSeconds },
      ...(hosts.trim() !== '' && { hosts: hosts.trim() }),
    }),
  );
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data !== undefined)
    return (
      <Dialog title="Enrol hosts" onClose={close} className="wide">
        <Command token={make.data.token} uses={uses} />
      </Dialog>
    );
  return (
    <Dialog title="Enrol hosts" onClose={close}>
      <form className="form" onSubmit={submit}>
        <label>
          How many hosts
          <input
            data-first-focus
            type="number"
            min={1}
            max={10_000}
            required
            value={uses}
            onChange={(event) => setUses(Number(event.target.value))}
          />
        </label>
        <LifeChoice lives={lives} life={lifeSeconds} change={setLifeSeconds} />
        <label>
          Only for hosts called
          <input
            value={hosts}
            placeholder="any, or e.g. web-*"
            onChange={(event) => setHosts(event.target.value)}
          />
        </label>
        <Refusal error={make.error} />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={make.isPending}>
            Make the command
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Command({ token, uses }: { token: string; uses: number }) {
  const queries = useQueryClient();
  const { data } = useHosts();
  const known = useRef<ReadonlySet<string> | null>(null);
  if (known.current === null && data !== undefined) known.current = new Set(data.items.map(({ id }) => id));
  const arrived = (data?.items ?? []).filter(({ id }) => known.current?.has(id) === false);
  // Each arrival is a use of the token.
  const used = arrived.length;
  useEffect(() => {
    if (used > 0) void queries.invalidateQueries({ queryKey: ['settings'] });
  }, [used, queries]);
  return (
    <div className="form">
      <p>
        Run this on {uses === 1 ? 'the host' : 'each host'}, where Vedette is installed. The token is not
        shown again.
      </p>
      <Copyable text={`vedette enroll --token ${token} && vedette agent`} label="Command for the host" />
      <div role="status">
        {arrived.length === 0 ? (
          <p className="muted waiting">Waiting for the first host…</p>
        ) : (
          <ul className="arrived">
            {arrived.map((host) => (
              <li key={host.id}>
                <span className={host.connected ? 'dot on' : 'dot'} aria-hidden="true" />
                <a href={pageOfHost(host.id)}>
                  <Visible text={host.hostname} />
                </a>{' '}
                {host.connected ? 'is here and connected.' : 'has enrolled.'}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
