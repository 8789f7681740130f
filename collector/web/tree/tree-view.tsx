import { useRef, useState } from 'react';
import type { TreeJson, TreeProcessJson } from '../../api/json/tree.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Clock, Exact } from '../time/instant.tsx';
import { ProcessDetail } from './process-detail.tsx';
import { programOf, sightingWords } from './words.ts';

type Keys = ReadonlySet<string>;

const toggled = (keys: Keys, key: string): Keys => {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
};

/** Processes none of whose ancestors is folded. */
function visibleIn(tree: TreeJson, folded: Keys): readonly TreeProcessJson[] {
  const hidden = new Set<string | null>();
  return tree.processes.filter(({ key, parentKey }) => {
    const isHidden = hidden.has(parentKey) || (parentKey !== null && folded.has(parentKey));
    if (isHidden) hidden.add(key);
    return !isHidden;
  });
}

/** The tree, walked with the arrow keys (https://www.w3.org/WAI/ARIA/apg/patterns/treeview/). */
export function TreeView({ tree, isSmall = false }: { tree: TreeJson; isSmall?: boolean }) {
  const [folded, setFolded] = useState<Keys>(new Set());
  const [opened, setOpened] = useState<Keys>(new Set(isSmall ? [] : [tree.subjectKey]));
  const [current, setCurrent] = useState(tree.subjectKey);
  const items = useRef(new Map<string, HTMLElement>());
  const parents = new Set(tree.processes.map(({ parentKey }) => parentKey));
  const shown = visibleIn(tree, folded);
  const focus = (process: TreeProcessJson | undefined) => {
    if (process === undefined) return;
    setCurrent(process.key);
    items.current.get(process.key)?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent, process: TreeProcessJson) => {
    // What stands inside an item keeps its keys.
    if (event.target !== event.currentTarget) return;
    const at = shown.indexOf(process);
    const isFolded = folded.has(process.key);
    const isParent = parents.has(process.key);
    const acts: Readonly<Record<string, () => void>> = {
      ArrowDown: () => focus(shown[at + 1]),
      ArrowUp: () => focus(shown[at - 1]),
      Home: () => focus(shown[0]),
      End: () => focus(shown.at(-1)),
      ArrowRight: () =>
        isFolded ? setFolded(toggled(folded, process.key)) : isParent && focus(shown[at + 1]),
      ArrowLeft: () =>
        isParent && !isFolded
          ? setFolded(toggled(folded, process.key))
          : focus(shown.find(({ key }) => key === process.parentKey)),
      Enter: () => setOpened(toggled(opened, process.key)),
      ' ': () => setOpened(toggled(opened, process.key)),
    };
    const act = acts[event.key];
    if (act === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  };
  return (
    <div className="tree" role="tree" aria-label="Processes">
      {shown.map((process) => (
        <div
          key={process.key}
          ref={(element) => {
            if (element === null) items.current.delete(process.key);
            else items.current.set(process.key, element);
          }}
          role="treeitem"
          className={`tree-item ${process.relation}`}
          style={{ paddingInlineStart: `${(isSmall ? 4 : 16) + process.depth * (isSmall ? 12 : 20)}px` }}
          aria-level={process.depth + 1}
          aria-selected={process.key === current}
          aria-expanded={parents.has(process.key) ? !folded.has(process.key) : undefined}
          tabIndex={process.key === current ? 0 : -1}
          onKeyDown={(event) => onKeyDown(event, process)}
          onFocus={() => setCurrent(process.key)}
        >
          <Line
            process={process}
            isFolded={parents.has(process.key) ? folded.has(process.key) : undefined}
            fold={() => setFolded(toggled(folded, process.key))}
            open={() => setOpened(toggled(opened, process.key))}
          />
          {opened.has(process.key) && <ProcessDetail process={process} tree={tree} />}
        </div>
      ))}
    </div>
  );
}

interface LineProps {
  readonly process: TreeProcessJson;
  /** Undefined where nothing is below. */
  readonly isFolded: boolean | undefined;
  readonly fold: () => void;
  readonly open: () => void;
}

function Line({ process, isFolded, fold, open }: LineProps) {
  const { startedAt, endedAt, user, pid, events, exitCode } = process;
  const how = sightingWords(process);
  return (
    <div className="tree-line">
      <button
        type="button"
        tabIndex={-1}
        className="tree-fold"
        onClick={fold}
        disabled={isFolded === undefined}
        aria-label={isFolded ? 'Unfold' : 'Fold'}
      >
        {isFolded === undefined ? '·' : isFolded ? '▸' : '▾'}
      </button>
      <span className="muted tree-time">{startedAt !== null && <Clock at={startedAt} />}</span>
      <button type="button" tabIndex={-1} className="tree-program" onClick={open}>
        <span className="muted">{pid ?? '?'}</span> <Code text={programOf(process)} />
      </button>
      {user !== null && (
        <span className="muted">
          <Visible text={user} />
        </span>
      )}
      {events.length > 0 && (
        <span className="chip">{events.length === 1 ? '1 event' : `${events.length} events`}</span>
      )}
      {endedAt !== null && (
        <span className="muted">
          ended <Exact at={endedAt} />
          {exitCode !== null && `, exit ${exitCode}`}
        </span>
      )}
      {how !== '' && <span className="muted">{how}</span>}
    </div>
  );
}
