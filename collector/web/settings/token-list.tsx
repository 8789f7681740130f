import { useState } from 'react';
import type { TokenJson } from '../../api/resources/tokens.ts';
import { request } from '../data/request.ts';
import { Empty } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { Ago, Exact } from '../time/instant.tsx';
import { Confirm } from './confirm.tsx';
import { NewToken } from './new-token.tsx';
import { useChange, useResource } from './resource.ts';
import { Section } from './section.tsx';

/** Tokens for scripts: the own ones, or everybody's and those of services. */
export function TokenList({ all = false }: { all?: boolean }) {
  const tokens = useResource<{ items: readonly TokenJson[] }>(all ? '/tokens?all=true' : '/tokens');
  const revoke = useChange((id: string) => request<void>('DELETE', `/tokens/${encodeURIComponent(id)}`));
  const [isMaking, setMaking] = useState(false);
  return (
    <Section
      title={all ? 'Tokens' : 'Your tokens'}
      about={
        all
          ? 'Personal tokens of everybody, and those of services, which belong to nobody and have a role of their own.'
          : 'For the command line and scripts. One can never do more than you.'
      }
      query={tokens}
      actions={
        <button type="button" className="button" onClick={() => setMaking(true)}>
          {all ? 'New service token' : 'New token'}
        </button>
      }
    >
      {tokens.data?.items.length === 0 && <Empty title="No tokens" />}
      <ul className="rows">
        {tokens.data?.items.map((token) => (
          <li key={token.id}>
            <div className="row-main">
              <strong>
                <Visible text={token.name} />
                <span className="tag">
                  {token.kind === 'service' ? 'service' : <Visible text={token.userName ?? ''} />}
                </span>
              </strong>
              <span className="muted">
                {token.scopes === null ? `everything a ${token.role} may` : `may ${token.scopes.join(', ')}`};{' '}
                {token.lastUsedAt === null ? (
                  'never used'
                ) : (
                  <>
                    used <Ago at={token.lastUsedAt} />
                  </>
                )}
                ;{' '}
                {token.expiresAt === null ? (
                  'does not expire'
                ) : (
                  <>
                    until <Exact at={token.expiresAt} />
                  </>
                )}
              </span>
            </div>
            <Confirm words="Revoke" act={() => revoke.mutateAsync(token.id)}>
              Whatever uses “<Visible text={token.name} />” is refused from now on.
            </Confirm>
          </li>
        ))}
      </ul>
      {isMaking && <NewToken isService={all} close={() => setMaking(false)} />}
    </Section>
  );
}
