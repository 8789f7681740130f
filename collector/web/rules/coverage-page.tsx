import { type CoverageJson, useCoverage } from '../data/rule-queries.ts';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';

/** Techniques of ATT&CK under their tactics: what rules name, what sensors feed, what was seen. */
export function CoveragePage() {
  const { data, error, isPending, refetch } = useCoverage();
  return (
    <section className="panel" aria-labelledby="coverage-title">
      <div className="panel-head">
        <h1 id="coverage-title">ATT&CK coverage</h1>
        {data !== undefined && <Summary summary={data.summary} />}
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {isPending && <div className="blank" role="status" aria-label="Loading" />}
      {data !== undefined && <Matrix coverage={data} />}
    </section>
  );
}

function Summary({ summary }: Pick<CoverageJson, 'summary'>) {
  return (
    <p className="muted">
      {figure(summary.techniques)} techniques, {figure(summary.fedTechniques)} of them fed by sensors,{' '}
      {figure(summary.fired)} seen in 30 days; {figure(summary.fed)} of {figure(summary.rules)} rules fed
    </p>
  );
}

function Matrix({ coverage: { tactics, techniques } }: { coverage: CoverageJson }) {
  const byId = new Map(techniques.map((technique) => [technique.id, technique]));
  return (
    <div className="matrix">
      {tactics.map(({ name, techniques: ids }) => (
        <section key={name} aria-label={name}>
          <h2>{name.replaceAll('-', ' ')}</h2>
          <ul>
            {ids
              .flatMap((id) => byId.get(id) ?? [])
              .map((technique) => (
                <li key={technique.id} className={stateOf(technique)} title={words(technique)}>
                  <strong>{technique.id}</strong>
                  <span>
                    {technique.fed}/{technique.rules}
                    {technique.alerts > 0 && <> · {figure(technique.alerts)} seen</>}
                  </span>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

type Technique = CoverageJson['techniques'][number];

function stateOf({ fed, alerts }: Technique): string {
  if (alerts > 0) return 'seen';
  return fed > 0 ? 'fed' : 'starved';
}

function words({ id, rules, fed, alerts }: Technique): string {
  return `${id}: ${fed} of ${rules} rules can match events of the sensors here, ${alerts} alerts`;
}
