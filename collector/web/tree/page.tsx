import { pageOfHost } from '../data/address.ts';
import { useTree } from '../data/queries.ts';
import { PageHead } from '../frame/page-head.tsx';
import { useParameters } from '../route/place.ts';
import { useTitle } from '../route/title.ts';
import { Empty } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { TreeBody } from './tree-body.tsx';

/** A page of its own for the tree of one process; its parameters are those of the API's /tree. */
export default function TreePage() {
  const asked = useParameters();
  const { data } = useTree(asked);
  useTitle(data && `Process tree on ${data.hostName}`);
  return (
    <>
      <PageHead title="Process tree">
        {data !== undefined && (
          <span className="muted">
            on{' '}
            <a href={pageOfHost(data.hostId)}>
              <Visible text={data.hostName} />
            </a>
          </span>
        )}
      </PageHead>
      <section className="panel" aria-label="Processes">
        {asked.size === 0 ? (
          <Empty title="Of which process?">An alert or an event leads here.</Empty>
        ) : (
          <TreeBody asked={asked} />
        )}
      </section>
    </>
  );
}
