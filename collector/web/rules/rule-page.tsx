import { LevelBadge } from '../alerts/level-badge.tsx';
import { alertsWith } from '../data/address.ts';
import { useRuleStats, useRuleText } from '../data/rule-queries.ts';
import { PageHead } from '../frame/page-head.tsx';
import type { PageProps } from '../route/page-entry.ts';
import { useTitle } from '../route/title.ts';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { Workbench } from './workbench.tsx';

/** A rule with its text and tests, what is wrong with them, what it would have found, and the way to push it. */
export default function RulePage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const { data, error, refetch } = useRuleText(id);
  useTitle(data?.title);
  if (error !== null)
    return (
      <section className="panel" aria-label="Rule">
        <Failure error={error} retry={() => void refetch()} />
      </section>
    );
  if (data === undefined) return <div className="page-loading" role="status" aria-label="Loading" />;
  return (
    <>
      <PageHead
        title={<Visible text={data.title} />}
        actions={
          <a className="button" href={alertsWith({ rule: id, status: 'all' })}>
            Its alerts
          </a>
        }
      >
        <LevelBadge level={data.level} />
        <Stats id={id} />
      </PageHead>
      <p className="muted rule-where">
        <Code text={data.file} wrap />
      </p>
      <Workbench key={id} file={data.file} text={data.text} tests={data.tests} />
    </>
  );
}

function Stats({ id }: { id: string }) {
  const found = useRuleStats().data?.items.find((rule) => rule.id === id);
  if (found === undefined) return null;
  return (
    <p className="muted">
      {figure(found.alerts)} alerts in 30 days on {figure(found.hosts)} {found.hosts === 1 ? 'host' : 'hosts'}
      , {figure(found.truePositives)} true, {figure(found.falsePositives)} false
      {found.lastRaisedAt !== null && (
        <>
          , last <Ago at={found.lastRaisedAt} />
        </>
      )}
    </p>
  );
}
