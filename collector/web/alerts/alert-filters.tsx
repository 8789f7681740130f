import { type AlertStatus, type Level, levels } from '../../store/contract.ts';
import { type AlertFilters, useAlertCounts } from '../data/queries.ts';
import { figure } from '../text/figures.ts';

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

interface AlertFilterBarProps {
  readonly filters: AlertFilters;
  readonly change: (filters: AlertFilters) => void;
}

export function AlertFilterBar({ filters, change }: AlertFilterBarProps) {
  const counts = useAlertCounts().data?.byStatus;
  return (
    <>
      <fieldset className="tabs">
        <legend className="hidden-text">Status</legend>
        {tabs.map(([status, label]) => (
          <button
            key={status}
            type="button"
            aria-pressed={filters.status === status}
            onClick={() => change({ ...filters, status })}
          >
            {label}
            {status !== 'all' && counts !== undefined && (
              <span className="tab-count">{figure(counts[status])}</span>
            )}
          </button>
        ))}
      </fieldset>
      <label className="select">
        <span className="hidden-text">Lowest level</span>
        <select
          value={filters.minLevel}
          onChange={(event) => change({ ...filters, minLevel: event.target.value as Level })}
        >
          {levels.map((level) => (
            <option key={level} value={level}>
              {levelWords[level]}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
