import { useState } from 'react';
import { request } from '../data/request.ts';
import { Empty } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { Confirm } from './confirm.tsx';
import { NewEnrolment } from './new-enrolment.tsx';
import { useChange, useResource } from './resource.ts';
import { Section } from './section.tsx';

interface EnrolmentToken {
  readonly id: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly uses: number;
  readonly maxUses: number;
  readonly hosts: string;
  readonly revokedAt: string | null;
}

function stateOf({
  revokedAt,
  expiresAt,
  uses,
  maxUses,
}: EnrolmentToken): 'good' | 'revoked' | 'expired' | 'used up' {
  if (revokedAt !== null) return 'revoked';
  if (Date.parse(expiresAt) <= Date.now()) return 'expired';
  return uses >= maxUses ? 'used up' : 'good';
}

/** Brings hosts in: a command to run there, and who came by it. */
export function Enrolment() {
  const tokens = useResource<{ items: readonly EnrolmentToken[] }>('/enrolment-tokens');
  const revoke = useChange((id: string) => request('DELETE', `/enrolment-tokens/${encodeURIComponent(id)}`));
  const [isMaking, setMaking] = useState(false);
  return (
    <Section
      title="Enrolment"
      about="A host joins with a token. A token holds the address of the collector and the fingerprint of its key."
      query={tokens}
      actions={
        <button type="button" className="button primary" onClick={() => setMaking(true)}>
          Enrol hosts
        </button>
      }
    >
      {tokens.data?.items.length === 0 && (
        <Empty title="No tokens yet">Enrol hosts with the button above.</Empty>
      )}
      <ul className="rows">
        {tokens.data?.items.map((token) => {
          const state = stateOf(token);
          return (
            <li key={token.id}>
              <div className="row-main">
                <strong>
                  <code>{token.id}</code>
                  <span className={state === 'good' ? 'tag good' : 'tag'}>{state}</span>
                </strong>
                <span className="muted">
                  {figure(token.uses)} of {figure(token.maxUses)} used, for hosts{' '}
                  <Visible text={token.hosts} />, until <Exact at={token.expiresAt} />
                </span>
              </div>
              {state === 'good' && (
                <Confirm words="Revoke" act={() => revoke.mutateAsync(token.id)}>
                  Nobody can enrol with it any more. Hosts that did stay.
                </Confirm>
              )}
            </li>
          );
        })}
      </ul>
      {isMaking && <NewEnrolment close={() => setMaking(false)} />}
    </Section>
  );
}
