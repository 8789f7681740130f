import type { TreeJson, TreeProcessJson } from '../../api/json/tree.ts';
import { eventsWith, treeOfProcess } from '../data/address.ts';
import { summaryOf } from '../events/summary.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Clock } from '../time/instant.tsx';

/** What one process ran and did, and where to go on from it. */
export function ProcessDetail({ process, tree }: { process: TreeProcessJson; tree: TreeJson }) {
  const { programs, events, entityId, startedAt } = process;
  return (
    <div className="tree-detail">
      {programs.map((program) => (
        <p key={program.eventId}>
          <span className="muted">
            <Clock at={program.at} /> runs{' '}
          </span>
          <Code text={program.commandLine ?? program.executable ?? 'unknown'} wrap />
        </p>
      ))}
      {events.map((event) => {
        const { main, pairs } = summaryOf(event);
        return (
          <p key={event['event.id']}>
            <span className="muted">
              <Clock at={event['@timestamp']} /> {event['event.dataset']}{' '}
            </span>
            {event['message'] !== undefined && main !== undefined && <Code text={main} wrap />}
            {pairs.map(([name, value]) => (
              <span key={name} className="pair">
                <span className="muted">{name}</span> <Visible text={value} />{' '}
              </span>
            ))}
          </p>
        );
      })}
      {entityId !== null && (
        <p className="tree-links">
          <a href={eventsWith(`host:${tree.hostId} process.entity_id:'${entityId}'`)}>All its events</a>{' '}
          <a href={treeOfProcess(entityId, tree.hostId, startedAt ?? tree.until)}>Tree from here</a>
        </p>
      )}
    </div>
  );
}
