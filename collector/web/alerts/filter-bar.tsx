import { type AlertStatus, type Level, levels } from '../../store/contract.ts';
import { useAlertCounts } from '../data/queries.ts';
import { figure } from '../text/figures.ts';
import { type AlertFilters, useAlertFilters } from './filters.ts';
import { MoreFilters } from './more-filters.tsx';
import { TextFilter } from './text-filter.tsx';

const tabs: readonly (readonly [AlertStatus | 'all', string])[] = [
  ['open', 'Open'],
  ['acknowledged', 'Acknowledged'],
  ['closed', 'Closed'],
  ['all', 'All'],
];

const levelWords: Readonly<Record<Level, string>> = {
  informational: 'All levels',
  low: 'Low and above',
  medium: 'Medium and above',
  high: 'High and above',
  critical: 'Critical',
};

interface TabsProps {
  readonly status: AlertFilters['status'];
  readonly change: (change: Partial<AlertFilters>) => void;
}

function StatusTabs({ status: chosen, change }: TabsProps) {
  const counts = useAlertCounts().data?.byStatus;
  return (
    <fieldset className="tabs">
      <legend className="hidden-text">Status</legend>
      {tabs.map(([status, label]) => (
        <button
          key={status}
          type="button"
          aria-pressed={chosen === status}
          onClick={() => change({ status })}
        >
          {label}
          {status !== 'all' && counts !== undefined && (
            <span className="tab-count">{figure(counts[status])}</span>
          )}
        </button>
      ))}
    </fieldset>
  );
}

/** What the queue shows. All of it is in the address. */
export function FilterBar() {
  const [filters, change] = useAlertFilters();
  return (
    <>
      <StatusTabs status={filters.status} change={change} />
      <label className="select">
        <span className="hidden-text">Lowest level</span>
        <select
          value={filters.minLevel}
          onChange={(event) => change({ minLevel: event.target.value as Level })}
        >
          {levels.map((level) => (
            <option key={level} value={level}>
              {levelWords[level]}
            </option>
          ))}
        </select>
      </label>
      <TextFilter text={filters.text} change={(text) => change({ text })} />
      <MoreFilters filters={filters} change={change} />
    </>
  );
}
