import { useState } from 'react';
import type { TreeJson } from '../../api/json/tree.ts';
import { useTree } from '../data/queries.ts';
import { Failure } from '../text/failure.tsx';
import { Exact } from '../time/instant.tsx';
import { Timeline } from './timeline.tsx';
import { TreeView } from './tree-view.tsx';

interface TreeBodyProps {
  /** Parameters of the API's /tree. */
  readonly asked: URLSearchParams;
  /** Beside other things: what is behind each process stays folded. */
  readonly isSmall?: true;
}

/** The most the API gives; asked for only when somebody wants to see more than usual. */
const most = { processes: '2000', events: '5000' };

/** The tree of one process, as a tree or in the order of time; a large one is loaded in two steps. */
export function TreeBody({ asked, isSmall }: TreeBodyProps) {
  const [isWhole, setWhole] = useState(false);
  const query = new URLSearchParams({ ...Object.fromEntries(asked), ...(isWhole && most) });
  const { data, error, isPending, isPlaceholderData, refetch } = useTree(query);
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <div className="tree-loading" role="status" aria-label="Loading the tree" />;
  return (
    <Shown
      tree={data}
      isSmall={isSmall === true}
      isLoading={isPlaceholderData}
      more={isWhole ? undefined : () => setWhole(true)}
    />
  );
}

interface ShownProps {
  readonly tree: TreeJson;
  readonly isSmall: boolean;
  readonly isLoading: boolean;
  readonly more: (() => void) | undefined;
}

function Shown({ tree, isSmall, isLoading, more }: ShownProps) {
  const [isFlat, setFlat] = useState(false);
  return (
    <div className={isSmall ? 'tree-box small' : 'tree-box'}>
      <div className="tree-tools">
        <fieldset className="tabs small">
          <legend className="hidden-text">Form</legend>
          <button type="button" aria-pressed={!isFlat} onClick={() => setFlat(false)}>
            Tree
          </button>
          <button type="button" aria-pressed={isFlat} onClick={() => setFlat(true)}>
            Timeline
          </button>
        </fieldset>
        <p className="keys">
          <kbd>↑</kbd>
          <kbd>↓</kbd> move <kbd>←</kbd>
          <kbd>→</kbd> fold <kbd>↵</kbd> details
        </p>
      </div>
      {isFlat ? <Timeline tree={tree} /> : <TreeView tree={tree} isSmall={isSmall} />}
      <p className="muted tree-foot">
        From <Exact at={tree.since} /> to <Exact at={tree.until} />.{' '}
        <LeftOut tree={tree} isLoading={isLoading} more={more} />
      </p>
    </div>
  );
}

function LeftOut({ tree: { leftOut }, isLoading, more }: Omit<ShownProps, 'isSmall'>) {
  const words = Object.entries(leftOut)
    .filter(([, { count, isAtLeast }]) => count > 0 || isAtLeast)
    .map(([what, { count, isAtLeast }]) => `${isAtLeast ? 'at least ' : ''}${count} ${what}`);
  if (words.length === 0) return null;
  return (
    <>
      <strong>Left out for the bounds: {words.join(', ')}.</strong>{' '}
      {more !== undefined && (
        <button type="button" className="button" onClick={more}>
          Show more
        </button>
      )}
      {isLoading && 'Loading more…'}
    </>
  );
}
