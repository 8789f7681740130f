import { useState } from 'react';
import { alertsWith, pageOfRule } from '../data/address.ts';
import { type CoverageJson, useCoverage } from '../data/rule-queries.ts';
import { Dialog } from '../frame/dialog.tsx';
import { PageHead } from '../frame/page-head.tsx';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { useLoadedRules } from './rule-queries.ts';

type Technique = CoverageJson['techniques'][number];
type State = 'seen' | 'fed' | 'starved';

const stateWords: Readonly<Record<State, string>> = {
  seen: 'seen in 30 days',
  fed: 'covered, and fed by sensors',
  starved: 'covered, but no sensor here feeds it',
};

function stateOf({ fed, alerts }: Technique): State {
  if (alerts > 0) return 'seen';
  return fed > 0 ? 'fed' : 'starved';
}

/** Techniques of ATT&CK under their tactics: what rules name, what sensors feed, what was seen. */
export default function CoveragePage() {
  const { data, error, isPending, refetch } = useCoverage();
  const [open, setOpen] = useState<Technique | null>(null);
  return (
    <>
      <PageHead title="ATT&CK coverage">{data !== undefined && <Summary summary={data.summary} />}</PageHead>
      <section className="panel" aria-label="Techniques by tactic">
        <ul className="matrix-legend">
          {(['seen', 'fed', 'starved'] as const).map((state) => (
            <li key={state} className={`technique ${state}`}>
              {stateWords[state]}
            </li>
          ))}
        </ul>
        {error !== null && <Failure error={error} retry={() => void refetch()} />}
        {isPending && (
          <p className="muted pad" role="status">
            Working out what the rules cover…
          </p>
        )}
        {data !== undefined && <Matrix coverage={data} choose={setOpen} />}
      </section>
      {open !== null && <TechniqueDialog technique={open} close={() => setOpen(null)} />}
    </>
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

interface MatrixProps {
  readonly coverage: CoverageJson;
  readonly choose: (technique: Technique) => void;
}

function Matrix({ coverage: { tactics, techniques }, choose }: MatrixProps) {
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
                <li key={technique.id}>
                  <button
                    type="button"
                    className={`technique ${stateOf(technique)}`}
                    title={`${technique.id}: ${stateWords[stateOf(technique)]}`}
                    onClick={() => choose(technique)}
                  >
                    <strong>{technique.id}</strong>
                    <span>
                      {technique.fed}/{technique.rules}
                      {technique.alerts > 0 && <> · {figure(technique.alerts)} seen</>}
                    </span>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** The rules that name a technique. */
function TechniqueDialog({ technique, close }: { technique: Technique; close: () => void }) {
  const loaded = useLoadedRules().data?.rules;
  const { id, ruleIds, fed, rules, alerts } = technique;
  return (
    <Dialog title={id} onClose={close}>
      <p className="muted">
        {fed} of {rules} rules can match events of the sensors here; {figure(alerts)} alerts in 30 days.
      </p>
      <ul className="technique-rules">
        {ruleIds.map((rule) => (
          <li key={rule}>
            <a href={pageOfRule(rule)} onClick={close}>
              <Visible text={loaded?.find((one) => one.id === rule)?.title ?? rule} />
            </a>
          </li>
        ))}
      </ul>
      <div className="form-end">
        <a className="button" href={alertsWith({ tag: `attack.${id.toLowerCase()}`, status: 'all' })}>
          Its alerts
        </a>
      </div>
    </Dialog>
  );
}
