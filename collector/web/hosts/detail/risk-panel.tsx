import type { HostWithRiskJson } from '../../../api/json/host.ts';
import { pageOfAlert } from '../../data/address.ts';
import { figure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';

/** What adds most to the risk of a host. */
export function RiskPanel({ host: { risk } }: { host: HostWithRiskJson }) {
  if (risk === null || risk.contributions.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="host-risk">
      <div className="panel-head">
        <h2 id="host-risk">Why its risk is {figure(Math.round(risk.score))}</h2>
      </div>
      <ul className="panel-body bars">
        {risk.contributions.map((one) => (
          <li key={one.alertId}>
            <a href={pageOfAlert(one.alertId)}>
              <Visible text={one.ruleTitle} />
            </a>
            <meter min={0} max={Math.max(1, risk.score)} value={one.points} aria-label="Points" />
            <span className="figure">{figure(Math.round(one.points))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
