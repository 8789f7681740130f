import { alertsWith, pageOfHost } from '../data/address.ts';
import { useRisk } from '../data/host-queries.ts';
import { RiskScore } from '../hosts/host-columns.tsx';
import { Empty, Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';

const shown = 8;

/** Hosts and users there is most reason to look at, and the rule that adds most to it. */
export function TopRisk() {
  const { data, error, refetch } = useRisk();
  const items = data?.items.slice(0, shown) ?? [];
  const most = Math.max(1, items[0]?.score ?? 1);
  return (
    <section className="panel" aria-labelledby="risk-title">
      <div className="panel-head">
        <h2 id="risk-title">Top risk</h2>
        <span className="muted">hosts and users</span>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data !== undefined && items.length === 0 && (
        <Empty title="No risk">Alerts add to it, the worse and the surer the more.</Empty>
      )}
      <ul className="panel-body risks">
        {items.map((risk) => (
          <li key={`${risk.kind} ${risk.id}`}>
            <span className="muted">{risk.kind}</span>
            <span className="risk-who">
              <a
                href={
                  risk.kind === 'host' ? pageOfHost(risk.id) : alertsWith({ user: risk.id, status: 'all' })
                }
              >
                <Visible text={risk.name} />
              </a>
              <span className="muted">
                <Visible text={risk.contributions[0]?.ruleTitle ?? ''} />
              </span>
            </span>
            <meter min={0} max={most} value={risk.score} aria-label="Score" />
            <RiskScore score={risk.score} />
          </li>
        ))}
      </ul>
    </section>
  );
}
