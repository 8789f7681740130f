import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { BundleListJson } from '../../api/json/bundle.ts';
import type { RolloutJson } from '../../api/json/rollout.ts';
import { request } from '../data/request.ts';
import { useMay } from '../session/caller.ts';
import { Confirm } from '../settings/confirm.tsx';
import { Empty } from '../text/failure.tsx';
import { figure, sizeOf } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago, Exact } from '../time/instant.tsx';

/** The bundles that are kept. A newer one is rolled out, an older one is gone back to. */
export function Bundles({ bundles }: { bundles: BundleListJson }) {
  const { items, inForce, refusedWith } = bundles;
  const may = useMay('rules');
  const queries = useQueryClient();
  const again = { onSuccess: () => queries.invalidateQueries() };
  const rollOut = useMutation({
    mutationFn: (version: number) => request<RolloutJson>('POST', '/rules/rollouts', { version }),
    ...again,
  });
  const goBack = useMutation({
    mutationFn: (version: number) =>
      request('POST', `/rules/bundles/${version}/activate`, { rollback: true, reason: 'from the dashboard' }),
    ...again,
  });
  const newest = Math.max(inForce?.version ?? 0, 0);
  return (
    <section className="panel" aria-labelledby="bundles-title">
      <div className="panel-head">
        <h2 id="bundles-title">Bundles</h2>
      </div>
      {refusedWith !== null && (
        <div className="notice bad" role="alert">
          Agents refuse the bundle in force: {refusedWith}. Sign and push it, or the next one, anew.
        </div>
      )}
      {items.length === 0 && <Empty title="No bundle was pushed" />}
      <ul className="rows">
        {items.map((bundle) => (
          <li key={bundle.version}>
            <div className="row-main">
              <strong>
                Bundle {bundle.version} <Visible text={bundle.name} />
                {bundle.version === inForce?.version && <span className="tag good">in force</span>}
                {bundle.untested > 0 && <span className="tag">{figure(bundle.untested)} untested</span>}
              </strong>
              <span className="muted">
                {figure(bundle.files)} files, {sizeOf(bundle.sizeBytes)}; added <Ago at={bundle.addedAt} /> by{' '}
                <Visible text={bundle.addedBy} />; until <Exact at={bundle.expiresAt} />
              </span>
            </div>
            {may && bundle.version > newest && (
              <Confirm words="Roll out" className="button" act={() => rollOut.mutateAsync(bundle.version)}>
                Bundle {bundle.version} reaches hosts by the usual stages.
              </Confirm>
            )}
            {may && inForce !== null && bundle.version < inForce.version && (
              <Confirm words="Go back to it" act={() => goBack.mutateAsync(bundle.version)}>
                Every host, and detection here, goes back to bundle {bundle.version} at once.
              </Confirm>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
