import { useState } from 'react';
import type { GroupJson } from '../../api/resources/groups.ts';
import { request } from '../data/request.ts';
import { Empty } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { Confirm } from './confirm.tsx';
import { GroupDialog } from './group-dialog.tsx';
import { useChange, useResource } from './resource.ts';
import { Section } from './section.tsx';

/** Groups of hosts: made, changed and removed. */
export function Groups() {
  const groups = useResource<{ items: readonly GroupJson[] }>('/groups');
  const remove = useChange((name: string) => request('DELETE', `/groups/${encodeURIComponent(name)}`));
  const [changed, setChanged] = useState<GroupJson | 'new' | null>(null);
  const items = groups.data?.items ?? [];
  return (
    <Section
      title="Groups of hosts"
      about={
        <>
          Wherever hosts are chosen, <code>group:NAME</code> means those in it: live queries, stages of
          rollouts, analyses, filters of events.
        </>
      }
      query={groups}
      actions={
        <button type="button" className="button primary" onClick={() => setChanged('new')}>
          Make a group
        </button>
      }
    >
      {groups.data !== undefined && items.length === 0 && (
        <Empty title="No groups yet">
          Hosts can be in several, by what they are for or where they stand.
        </Empty>
      )}
      <ul className="rows">
        {items.map((group) => (
          <li key={group.name}>
            <div className="row-main">
              <strong>
                <a href={`/hosts?${new URLSearchParams({ group: group.name })}`}>{group.name}</a>
                <span className="tag">
                  {figure(group.hosts.length)} {group.hosts.length === 1 ? 'host' : 'hosts'}
                </span>
              </strong>
              {group.description !== '' && <Visible text={group.description} />}
              <span className="muted">
                Changed <Exact at={group.changedAt} /> by <Visible text={group.changedBy} />
              </span>
            </div>
            <div className="row-actions">
              <button type="button" className="button quiet" onClick={() => setChanged(group)}>
                Change
              </button>
              <Confirm words="Remove" act={() => remove.mutateAsync(group.name)}>
                Its hosts stay. What names group:{group.name} means no host any more: scheduled queries,
                stages of rollouts and exceptions among it.
              </Confirm>
            </div>
          </li>
        ))}
      </ul>
      {changed !== null && (
        <GroupDialog
          group={changed === 'new' ? undefined : changed}
          taken={items.map(({ name }) => name)}
          close={() => setChanged(null)}
        />
      )}
    </Section>
  );
}
