import { PageHead } from '../frame/page-head.tsx';
import { useParameter } from '../route/place.ts';
import { useBundles } from '../rules/rule-queries.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { Bundles } from './bundles.tsx';
import { RolloutPanel } from './rollout-panel.tsx';
import { useRollout, useRollouts } from './rollout-queries.ts';
import { StateTag } from './state-tag.tsx';

/** How rules reach hosts: what is under way, what was, and the bundles there are. */
export default function RolloutsPage() {
  const list = useRollouts();
  const [inAddress, setId] = useParameter('id');
  const id = inAddress !== '' ? inAddress : list.data?.items[0]?.id;
  const shown = useRollout(id);
  const { data: bundles } = useBundles();
  const { inForce = null } = bundles ?? {};
  return (
    <>
      <PageHead title="Rollouts">
        {bundles !== undefined && (
          <p className="muted">
            {inForce === null
              ? 'The starter pack and the rules of the data folder are in force'
              : `Bundle ${inForce.version} is in force`}
          </p>
        )}
      </PageHead>
      {list.error !== null && (
        <section className="panel" aria-label="Rollouts">
          <Failure error={list.error} retry={() => void list.refetch()} />
        </section>
      )}
      {list.data?.items.length === 0 && (
        <section className="panel" aria-label="Rollouts">
          <Empty title="No rollout yet">
            Change a rule and push it, or run <code>vedette rules push FOLDER</code>.
          </Empty>
        </section>
      )}
      {shown.error !== null && (
        <section className="panel" aria-label="Rollout">
          <Failure error={shown.error} retry={() => void shown.refetch()} />
        </section>
      )}
      {shown.data !== undefined && <RolloutPanel progress={shown.data} />}
      {list.data !== undefined && list.data.items.length > 0 && (
        <section className="panel" aria-labelledby="history-title">
          <div className="panel-head">
            <h2 id="history-title">History</h2>
          </div>
          <ul className="rows">
            {list.data.items.map((rollout) => (
              <li key={rollout.id}>
                <div className="row-main">
                  <button
                    type="button"
                    className="link-button"
                    aria-current={rollout.id === id}
                    onClick={() => setId(rollout.id)}
                  >
                    Bundle {rollout.version}
                  </button>
                  <span className="muted">
                    started <Ago at={rollout.startedAt} /> by <Visible text={rollout.startedBy} />
                    {rollout.reason !== '' && (
                      <>
                        : <Visible text={rollout.reason} />
                      </>
                    )}
                  </span>
                </div>
                <StateTag state={rollout.state} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {bundles !== undefined && <Bundles bundles={bundles} />}
    </>
  );
}
