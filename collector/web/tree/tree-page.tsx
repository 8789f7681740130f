import { useState } from 'react';
import type { TreeJson } from '../../api/json/tree.ts';
import { useTree } from '../data/queries.ts';
import { Mark } from '../header/mark.tsx';
import { Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { Timeline } from './timeline.tsx';
import { TreeView } from './tree-view.tsx';

/** A page of its own for the tree of one process. */
export function TreePage({ asked }: { asked: URLSearchParams }) {
  const tree = useTree(asked);
  return (
    <>
      <header className="header">
        <a className="brand" href="/">
          <Mark />
          Vedette
        </a>
        <nav className="sections" aria-label="Sections">
          <a href="/">Back to the dashboard</a>
        </nav>
      </header>
      <main className="page">
        <section className="panel" aria-labelledby="tree-title">
          {tree.error !== null && <Failure error={tree.error} retry={() => void tree.refetch()} />}
          {tree.isPending && <div className="blank" role="status" aria-label="Loading" />}
          {tree.data !== undefined && <Shown tree={tree.data} />}
        </section>
      </main>
    </>
  );
}

function Shown({ tree }: { tree: TreeJson }) {
  const [isFlat, setFlat] = useState(false);
  return (
    <>
      <div className="panel-head">
        <h1 id="tree-title">
          Process tree on <Visible text={tree.hostName} />
        </h1>
        <button type="button" className="button" aria-pressed={isFlat} onClick={() => setFlat(!isFlat)}>
          Timeline
        </button>
        <p className="keys">
          <kbd>↑</kbd>
          <kbd>↓</kbd> move <kbd>←</kbd>
          <kbd>→</kbd> fold <kbd>↵</kbd> details
        </p>
      </div>
      {isFlat ? <Timeline tree={tree} /> : <TreeView tree={tree} />}
      <p className="muted tree-foot">
        From <Exact at={tree.since} /> to <Exact at={tree.until} />. <LeftOut tree={tree} />
      </p>
    </>
  );
}

function LeftOut({ tree: { leftOut } }: { tree: TreeJson }) {
  const words = Object.entries(leftOut)
    .filter(([, { count, isAtLeast }]) => count > 0 || isAtLeast)
    .map(([what, { count, isAtLeast }]) => `${isAtLeast ? 'at least ' : ''}${count} ${what}`);
  return words.length === 0 ? null : <strong>Left out for the bounds: {words.join(', ')}.</strong>;
}
