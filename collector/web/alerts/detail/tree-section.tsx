import type { AlertJson } from '../../../api/json/alert.ts';
import { treeOfAlert } from '../../data/address.ts';
import { useTree } from '../../data/queries.ts';
import { ApiProblem } from '../../data/request.ts';
import { Code, Visible } from '../../text/visible.tsx';
import { Ago } from '../../time/instant.tsx';
import { TreeBody } from '../../tree/tree-body.tsx';

/** The process the alert is about, with those before and after it, to be walked. */
export function TreeSection({ alert }: { alert: AlertJson }) {
  const { id, event } = alert;
  const isOfProcess = event['process.entity_id'] !== undefined || event['process.pid'] !== undefined;
  const asked = new URLSearchParams(isOfProcess ? { alert: id } : {});
  const { error } = useTree(asked);
  if (!isOfProcess) return null;
  const isGone = error instanceof ApiProblem && error.problem.status === 404;
  return (
    <section>
      <div className="section-head">
        <h3>Process tree</h3>
        {!isGone && (
          <a href={treeOfAlert(id)}>
            On its own page<span className="hidden-text">: process tree and timeline</span>
          </a>
        )}
      </div>
      {isGone ? <Frozen tree={alert.tree} /> : <TreeBody asked={asked} isSmall />}
    </section>
  );
}

/** The tree as it was when the alert was raised: all there is once the events are not stored any more. */
function Frozen({ tree }: { tree: AlertJson['tree'] }) {
  if (tree === null) return <p className="muted">No stored event tells of its process.</p>;
  return (
    <>
      <ul className="frozen-tree">
        {tree.processes.map((process, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: it never changes, and processes may be alike.
          <li key={i} className={process.relation} style={{ paddingInlineStart: `${process.depth * 12}px` }}>
            <span className="muted">{process.pid ?? '?'}</span>{' '}
            <Code text={process.commandLine ?? process.name ?? 'unknown'} />{' '}
            {process.user !== null && (
              <span className="muted">
                <Visible text={process.user} />
              </span>
            )}
          </li>
        ))}
      </ul>
      <p className="muted">
        As it was when the alert was raised, <Ago at={tree.at} />; its events are not stored any more.
        {tree.leftOut > 0 && ` ${tree.leftOut} processes were left out.`}
      </p>
    </>
  );
}
