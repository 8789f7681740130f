import type { SessionJson } from '../../api/resources/sessions.ts';
import { request, signedOut } from '../data/request.ts';
import { Visible } from '../text/visible.tsx';
import { Ago, Exact } from '../time/instant.tsx';
import { Confirm } from './confirm.tsx';
import { useChange, useResource } from './resource.ts';
import { Section } from './section.tsx';

/** Sessions of browsers: the own ones, or everybody's. */
export function SessionList({ all = false }: { all?: boolean }) {
  const sessions = useResource<{ items: readonly SessionJson[] }>(all ? '/sessions?all=true' : '/sessions');
  const end = useChange((id: string) => request<void>('DELETE', `/sessions/${encodeURIComponent(id)}`));
  return (
    <Section
      title={all ? 'Sessions' : 'Your sessions'}
      about="Browsers that are signed in. End those you do not know."
      query={sessions}
    >
      <ul className="rows">
        {sessions.data?.items.map((session) => (
          <li key={session.id}>
            <div className="row-main">
              <strong>
                {all && (
                  <>
                    <Visible text={session.userName} /> ·{' '}
                  </>
                )}
                <Visible text={browserOf(session.userAgent)} />
                {session.isCurrent && <span className="tag good">this one</span>}
              </strong>
              <span className="muted">
                <Visible text={session.address ?? 'unknown address'} />, used <Ago at={session.lastSeenAt} />,
                since <Exact at={session.createdAt} />
              </span>
            </div>
            <Confirm
              words="End"
              act={() =>
                end.mutateAsync(session.id).then(() => {
                  if (session.isCurrent) signedOut.dispatchEvent(new Event('signed-out'));
                })
              }
            >
              The browser is signed out at once.
            </Confirm>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** A few words of what a browser calls itself. */
function browserOf(userAgent: string | null): string {
  if (userAgent === null) return 'Unknown browser';
  const name = /(Firefox|Edg|Chrome|Safari)\/(\d+)/.exec(userAgent);
  const system = /(Windows|Mac OS X|Android|Linux|iPhone|iPad)/.exec(userAgent)?.[1];
  if (name === null) return userAgent.slice(0, 80);
  const words = `${name[1] === 'Edg' ? 'Edge' : name[1]} ${name[2]}`;
  return system === undefined ? words : `${words} on ${system}`;
}
