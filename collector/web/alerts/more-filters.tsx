import { useId, useState } from 'react';
import { techniqueName } from '#shared/attack/techniques.ts';
import type { AlertVerdict } from '../../store/contract.ts';
import { useHosts, useRules } from '../data/queries.ts';
import { Icon } from '../frame/icon.tsx';
import { visibleText } from '../text/control-characters.ts';
import { techniqueIn } from './attack-tag.ts';
import type { AlertFilters } from './filters.ts';

interface MoreFiltersProps {
  readonly filters: AlertFilters;
  readonly change: (change: Partial<AlertFilters>) => void;
}

const spanWords = { '1h': 'Last hour', '24h': 'Last day', '7d': 'Last 7 days', '30d': 'Last 30 days' };

/** Local time without a zone, as the browser's field for it wants it. */
function localOf(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime())
    ? ''
    : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const isoOf = (local: string) => (local === '' ? '' : new Date(local).toISOString());

/** Filters that are not needed all the time. */
export function MoreFilters(props: MoreFiltersProps) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  return (
    <span className="more-filters">
      <button type="button" className="button" popoverTarget={id}>
        <Icon name="settings" size={14} /> Filter
      </button>
      <div
        className="filter-menu"
        popover="auto"
        id={id}
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {isOpen && <FilterForm {...props} />}
      </div>
    </span>
  );
}

/** There may be thousands of hosts and rules to choose from: only while it is open. */
function FilterForm({ filters, change }: MoreFiltersProps) {
  const hosts = useHosts().data?.items ?? [];
  const rules = useRules().data?.rules ?? [];
  const tags = [...new Set(rules.flatMap((rule) => rule.tags))].sort();
  return (
    <>
      <label>
        Host
        <select value={filters.host} onChange={(event) => change({ host: event.target.value })}>
          <option value="">Any</option>
          {hosts.map((host) => (
            <option key={host.id} value={host.id}>
              {visibleText(host.hostname)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Rule
        <select value={filters.rule} onChange={(event) => change({ rule: event.target.value })}>
          <option value="">Any</option>
          {rules
            .toSorted((a, b) => a.title.localeCompare(b.title))
            .map((rule) => (
              <option key={rule.id} value={rule.id}>
                {visibleText(rule.title)}
              </option>
            ))}
        </select>
      </label>
      <label>
        Technique or tag
        <select value={filters.tag} onChange={(event) => change({ tag: event.target.value })}>
          <option value="">Any</option>
          {filters.tag !== '' && !tags.includes(filters.tag) && <option>{filters.tag}</option>}
          {tags.map((tag) => (
            <option key={tag} value={tag}>
              {tagTitle(tag)}
            </option>
          ))}
        </select>
      </label>
      <label>
        User
        <input
          type="text"
          value={filters.user}
          maxLength={256}
          placeholder="Exact name"
          onChange={(event) => change({ user: event.target.value })}
        />
      </label>
      <label>
        Found to be
        <select
          value={filters.verdict}
          onChange={(event) => change({ verdict: event.target.value as AlertVerdict | '' })}
        >
          <option value="">Anything</option>
          <option value="true-positive">True positive</option>
          <option value="false-positive">False positive</option>
        </select>
      </label>
      <label>
        Raised
        <select
          value={filters.time}
          onChange={(event) => change({ time: event.target.value, since: '', until: '' })}
        >
          <option value="">Any time</option>
          {Object.entries(spanWords).map(([span, words]) => (
            <option key={span} value={span}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label>
        From
        <input
          type="datetime-local"
          value={localOf(filters.since)}
          onChange={(event) => change({ since: isoOf(event.target.value), time: '' })}
        />
      </label>
      <label>
        To
        <input
          type="datetime-local"
          value={localOf(filters.until)}
          onChange={(event) => change({ until: isoOf(event.target.value), time: '' })}
        />
      </label>
    </>
  );
}

/** With its name, where it is a technique. */
function tagTitle(tag: string): string {
  const id = techniqueIn(tag);
  const name = id && techniqueName(id);
  return visibleText(name === undefined ? tag : `${id} ${name}`);
}
