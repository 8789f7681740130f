import { useRef, useState } from 'react';
import type { AlertJson } from '../../../api/json/alert.ts';
import type { StoryTreeJson } from '../../../api/json/story.ts';
import { LevelBadge } from '../../alerts/level-badge.tsx';
import { pageOfAlert, treeOfProcess } from '../../data/address.ts';
import { go } from '../../route/place.ts';
import { visibleText } from '../../text/control-characters.ts';
import { Empty } from '../../text/failure.tsx';
import { figure } from '../../text/figures.ts';
import { Code, Visible } from '../../text/visible.tsx';
import { Clock } from '../../time/instant.tsx';

type Process = StoryTreeJson['processes'][number];

/** The processes of all alerts as one tree, walked with the arrow keys; Enter opens the whole tree of one. */
export function StoryTree({
  tree: { processes, leftOut },
  alerts,
}: {
  tree: StoryTreeJson;
  alerts: readonly AlertJson[];
}) {
  const [current, setCurrent] = useState(0);
  const items = useRef(new Map<number, HTMLElement>());
  const byId = new Map(alerts.map((alert) => [alert.id, alert]));
  const hostOf = (name: string) => alerts.find(({ hostName }) => hostName === name)?.hostId;
  const focus = (index: number) => {
    const at = Math.max(0, Math.min(processes.length - 1, index));
    setCurrent(at);
    items.current.get(at)?.focus();
  };
  const open = (process: Process) => {
    const host = hostOf(process.hostName);
    if (process.entityId !== null && process.startedAt !== null && host !== undefined)
      go(treeOfProcess(process.entityId, host, process.startedAt));
  };
  const onKeyDown = (event: React.KeyboardEvent, index: number) => {
    if (event.target !== event.currentTarget) return;
    const process = processes[index];
    const act = {
      ArrowDown: () => focus(index + 1),
      ArrowUp: () => focus(index - 1),
      Home: () => focus(0),
      End: () => focus(processes.length - 1),
      Enter: () => process && open(process),
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  if (processes.length === 0) return <Empty title="No process is known of it" />;
  return (
    <>
      <div className="tree" role="tree" aria-label="Processes of the story">
        {processes.map((process, i) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: processes may be alike; their order is theirs.
            key={i}
            ref={(element) => {
              if (element === null) items.current.delete(i);
              else items.current.set(i, element);
            }}
            role="treeitem"
            className={process.alertIds.length > 0 ? 'tree-item subject' : 'tree-item'}
            style={{ paddingInlineStart: `${16 + process.depth * 18}px` }}
            aria-level={process.depth + 1}
            aria-selected={i === current}
            tabIndex={i === current ? 0 : -1}
            onKeyDown={(event) => onKeyDown(event, i)}
            onFocus={() => setCurrent(i)}
          >
            <div className="tree-line">
              <span className="muted">{process.startedAt !== null && <Clock at={process.startedAt} />}</span>
              <span className="muted">{process.pid ?? '?'}</span>
              <Code text={process.commandLine ?? process.name ?? 'unknown'} />
              <span className="muted">
                <Visible text={[process.user, process.hostName].filter(Boolean).join(' on ')} />
              </span>
              {process.alertIds.map((id) => {
                const alert = byId.get(id);
                return (
                  alert !== undefined && (
                    <a key={id} href={pageOfAlert(id)} title={visibleText(alert.ruleTitle)} tabIndex={-1}>
                      <LevelBadge level={alert.level} />
                    </a>
                  )
                );
              })}
            </div>
          </div>
        ))}
      </div>
      {leftOut > 0 && <p className="muted tree-foot">{figure(leftOut)} processes were left out.</p>}
    </>
  );
}
