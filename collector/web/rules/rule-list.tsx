import { useState } from 'react';
import type { RuleStatsJson } from '../../api/json/rule-stats.ts';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { pageOfRule } from '../data/address.ts';
import { useRuleStats } from '../data/rule-queries.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';

/** Rows that are shown at once; searching finds the others. */
const mostRows = 500;

export function RuleList() {
  const { data, error, isPending, refetch } = useRuleStats();
  const [search, setSearch] = useState('');
  const found = (data?.items ?? []).filter((rule) => isFound(rule, search));
  return (
    <section className="panel" aria-labelledby="rules-title">
      <div className="panel-head">
        <h1 id="rules-title">Rules</h1>
        <label className="search">
          <span className="hidden-text">Search rules</span>
          <input
            type="search"
            value={search}
            placeholder="Title, id or level"
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {found.length === 0 && !isPending && error === null ? (
        <Empty title="No rule matches" />
      ) : (
        <RuleTable rules={found.slice(0, mostRows)} />
      )}
      {found.length > mostRows && <p className="muted rules-foot">{figure(found.length - mostRows)} more</p>}
    </section>
  );
}

function isFound({ title, id, level }: RuleStatsJson, search: string): boolean {
  const low = search.trim().toLowerCase();
  return [title, id, level].some((text) => text.toLowerCase().includes(low));
}

function RuleTable({ rules }: { rules: readonly RuleStatsJson[] }) {
  return (
    <div className="table-scroll">
      <table className="hosts rules">
        <thead>
          <tr>
            {['Level', 'Rule', 'Alerts, 30 days', 'True', 'False', 'Cost', 'Last'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <tr key={rule.id}>
              <td>
                <LevelBadge level={rule.level} />
              </td>
              <td>
                {rule.isLoaded ? (
                  <a href={pageOfRule(rule.id)}>
                    <Visible text={rule.title} />
                  </a>
                ) : (
                  <Visible text={`${rule.title} (not loaded)`} />
                )}
              </td>
              <td className="figure">{figure(rule.alerts)}</td>
              <td className="figure">{figure(rule.truePositives)}</td>
              <td className="figure">{figure(rule.falsePositives)}</td>
              <td className="figure">{rule.costNs === null ? '' : `${figure(rule.costNs)} ns`}</td>
              <td>{rule.lastRaisedAt === null ? '' : <Ago at={rule.lastRaisedAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
