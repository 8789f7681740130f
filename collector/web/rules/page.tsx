import { type ReactNode, useDeferredValue, useMemo } from 'react';
import { levels } from '../../store/contract.ts';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { pageOfRule } from '../data/address.ts';
import { PageHead } from '../frame/page-head.tsx';
import { go, useParameter } from '../route/place.ts';
import { useMay } from '../session/caller.ts';
import type { TableColumn } from '../table/column.ts';
import { VirtualTable } from '../table/virtual-table.tsx';
import { Empty, Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { passes, type RuleState, ruleStates, stateWords } from './rule-filter.ts';
import { type ListedRule, useListedRules } from './rule-queries.ts';

const columns: readonly TableColumn<ListedRule>[] = [
  {
    ...{ id: 'level', title: 'Level', width: 112, text: (rule) => rule.level },
    sortBy: (rule) => levels.indexOf(rule.level),
    cell: (rule) => <LevelBadge level={rule.level} />,
  },
  {
    ...{ id: 'rule', title: 'Rule', width: 260, grows: true, text: (rule) => rule.title },
    cell: (rule) => <Title rule={rule} />,
  },
  {
    ...{ id: 'techniques', title: 'ATT&CK', width: 136 },
    text: (rule) => techniquesOf(rule).join(', '),
  },
  { id: 'source', title: 'Looks at', width: 150, text: (rule) => rule.logsource },
  {
    ...{ id: 'alerts', title: 'Alerts', width: 76, align: 'end' },
    text: (rule) => figure(rule.alerts),
    sortBy: (rule) => rule.alerts,
  },
  {
    ...{ id: 'true', title: 'True', width: 62, align: 'end' },
    text: (rule) => figure(rule.truePositives),
    sortBy: (rule) => rule.truePositives,
  },
  {
    ...{ id: 'false', title: 'False', width: 66, align: 'end' },
    text: (rule) => figure(rule.falsePositives),
    sortBy: (rule) => rule.falsePositives,
  },
  {
    ...{ id: 'cost', title: 'Cost, ns', width: 92, align: 'end', isHidden: true },
    text: (rule) => (rule.costNs === null ? '' : figure(rule.costNs)),
    sortBy: (rule) => rule.costNs ?? undefined,
  },
  {
    ...{ id: 'last', title: 'Last', width: 96 },
    text: (rule) => rule.lastRaisedAt ?? '',
    sortBy: (rule) => rule.lastRaisedAt ?? undefined,
    cell: (rule) => (rule.lastRaisedAt === null ? '' : <Ago at={rule.lastRaisedAt} />),
  },
];

function techniquesOf({ tags }: ListedRule): readonly string[] {
  return tags
    .filter((tag) => /^attack\.t\d/i.test(tag))
    .map((tag) => tag.slice('attack.'.length).toUpperCase());
}

function Title({ rule }: { rule: ListedRule }) {
  if (!rule.isLoaded)
    return (
      <>
        <Visible text={rule.title} /> <span className="muted">(not loaded)</span>
      </>
    );
  return (
    <a href={pageOfRule(rule.id)}>
      <Visible text={rule.title} />
    </a>
  );
}

/** The rules in force, and what each has come to. */
export default function RulesPage() {
  const { rules, loaded, stats } = useListedRules();
  const mayChange = useMay('rules');
  const [search, setSearch] = useParameter('search');
  const [level, setLevel] = useParameter('level');
  const [state, setState] = useParameter('state');
  const wanted = useDeferredValue(search);
  const found = useMemo(
    () => rules.filter((rule) => passes(rule, { search: wanted, level, state: state as RuleState | '' })),
    [rules, wanted, level, state],
  );
  const error = stats.error ?? loaded.error;
  const bundle = loaded.data?.bundle;
  return (
    <>
      <PageHead
        title="Rules"
        actions={
          mayChange && (
            <a className="button" href="/rules/new">
              New rule
            </a>
          )
        }
      >
        {loaded.data !== undefined && (
          <p className="muted">
            {figure(loaded.data.rules.length)} in force,{' '}
            {bundle == null ? 'from the starter pack and the data folder' : `bundle ${bundle.version}`}, with
            alerts of 30 days
          </p>
        )}
      </PageHead>
      <section className="panel" aria-label="Rules">
        <div className="panel-head rule-filters">
          <label className="search">
            <span className="hidden-text">Search rules</span>
            <input
              type="search"
              value={search}
              placeholder="Title, id, technique or source"
              onChange={(event) => setSearch(event.target.value)}
            />
          </label>
          <Choice label="Level" value={level} change={setLevel}>
            <option value="">Any level</option>
            {levels.toReversed().map((one) => (
              <option key={one} value={one}>
                {one} and above
              </option>
            ))}
          </Choice>
          <Choice label="State" value={state} change={setState}>
            <option value="">Any state</option>
            {ruleStates.map((one) => (
              <option key={one} value={one}>
                {stateWords[one]}
              </option>
            ))}
          </Choice>
          <p className="muted push-end" role="status">
            {figure(found.length)} of {figure(rules.length)}
          </p>
        </div>
        {error !== null && <Failure error={error} retry={() => void stats.refetch()} />}
        {error === null && (
          <VirtualTable
            label="Rules"
            name="rules"
            columns={columns}
            rows={found}
            rowKey={(rule) => rule.id}
            onOpen={(rule) => rule.isLoaded && go(pageOfRule(rule.id))}
            height="max(420px, calc(100vh - 190px))"
            card={(rule) => <Card rule={rule} />}
            empty={stats.isPending ? <Empty title="Loading…" /> : <Empty title="No rule fits" />}
          />
        )}
      </section>
      {loaded.data !== undefined && loaded.data.problems.length > 0 && (
        <section className="panel" aria-labelledby="problems-title">
          <div className="panel-head">
            <h2 id="problems-title">Not in force</h2>
          </div>
          <ul className="problems pad-x">
            {loaded.data.problems.map((problem) => (
              <li key={`${problem.file} ${problem.line} ${problem.message}`} className={problem.severity}>
                <strong>
                  <Code text={`${problem.file}:${problem.line}`} wrap />
                </strong>{' '}
                <Visible text={problem.message} /> <span className="muted">{problem.action}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly children: ReactNode;
}

function Choice({ label, value, change, children }: ChoiceProps) {
  return (
    <label>
      <span className="hidden-text">{label}</span>
      <select value={value} onChange={(event) => change(event.target.value)}>
        {children}
      </select>
    </label>
  );
}

function Card({ rule }: { rule: ListedRule }) {
  return (
    <div className="rule-card">
      <LevelBadge level={rule.level} />
      <Title rule={rule} />
      <span className="muted">
        {figure(rule.alerts)} alerts in 30 days
        {rule.falsePositives > 0 && <>, {figure(rule.falsePositives)} false</>}
      </span>
    </div>
  );
}
