import { useMemo } from 'react';
import { pageOfHost } from '../data/address.ts';
import { useHosts } from '../data/queries.ts';
import { PageHead } from '../frame/page-head.tsx';
import { useShortcuts } from '../keys/shortcuts.ts';
import { go, useParameter } from '../route/place.ts';
import { useSortParameter } from '../table/sort-parameter.ts';
import { VirtualTable } from '../table/virtual-table.tsx';
import { Empty, Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { HostCard } from './host-card.tsx';
import { hostColumns } from './host-columns.tsx';
import { presences, presenceWords } from './presence.ts';
import { type HostRow, useHostRows } from './use-host-rows.ts';

const keyOf = ({ host }: HostRow) => host.id;
const byName = { id: 'host', isDescending: false } as const;

function mentions({ host }: HostRow, text: string): boolean {
  const { hostname, id, os, osVersion, kernel, agentVersion, groups = [] } = host;
  const all = [hostname, id, os, osVersion, kernel, agentVersion, ...groups].join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

const groupsOf = (rows: readonly HostRow[]) =>
  [...new Set(rows.flatMap(({ host }) => host.groups ?? []))].sort();

/** All hosts. What is searched, shown and sorted by is in the address. */
export default function HostsPage() {
  const { error, isPending, refetch } = useHosts();
  const rows = useHostRows();
  const [text, setText] = useParameter('text');
  const [state, setState] = useParameter('state');
  const [group, setGroup] = useParameter('group');
  const groups = useMemo(() => groupsOf(rows), [rows]);
  const [sort, setSort] = useSortParameter(byName);
  const found = useMemo(
    () =>
      rows.filter(
        (row) =>
          (state === '' || row.presence === state) &&
          (group === '' || row.host.groups?.includes(group) === true) &&
          mentions(row, text),
      ),
    [rows, text, state, group],
  );
  useShortcuts('Hosts', [
    { keys: '/', words: 'Search hosts', act: () => document.getElementById('host-search')?.focus() },
  ]);
  const counts = Map.groupBy(rows, ({ presence }) => presence);
  return (
    <div className="fill">
      <PageHead title="Hosts">
        <fieldset className="tabs">
          <legend className="hidden-text">State</legend>
          <button type="button" aria-pressed={state === ''} onClick={() => setState('')}>
            All<span className="tab-count">{figure(rows.length)}</span>
          </button>
          {presences
            .filter((one) => one === state || counts.has(one))
            .map((one) => (
              <button key={one} type="button" aria-pressed={state === one} onClick={() => setState(one)}>
                {presenceWords[one]}
                <span className="tab-count">{figure(counts.get(one)?.length ?? 0)}</span>
              </button>
            ))}
        </fieldset>
        {(groups.length > 0 || group !== '') && (
          <select aria-label="Group" value={group} onChange={(event) => setGroup(event.target.value)}>
            <option value="">All groups</option>
            {(groups.includes(group) || group === '' ? groups : [...groups, group]).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <label className="search">
          <span className="hidden-text">Search hosts</span>
          <input
            type="search"
            id="host-search"
            value={text}
            placeholder="Name, system, version"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      </PageHead>
      <div className="split panel">
        <div className="split-list">
          {error !== null && <Failure error={error} retry={() => void refetch()} />}
          {isPending ? (
            <div className="page-loading" role="status" aria-label="Loading" />
          ) : (
            <VirtualTable
              label="Hosts"
              name="hosts"
              columns={hostColumns}
              rows={found}
              rowKey={keyOf}
              sort={sort}
              onSort={setSort}
              onOpen={({ host }) => go(pageOfHost(host.id))}
              card={(row) => <HostCard row={row} />}
              empty={error === null && <Nothing isFiltered={rows.length > 0} />}
            />
          )}
        </div>
      </div>
    </div>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No host fits">Take some of the filter away to see more.</Empty>;
  return (
    <Empty title="No hosts yet">
      Make a token under <a href="/settings/enrolment">Settings, Enrolment</a> or with{' '}
      <code>vedette enroll --new-token</code>, and start an agent with it.
    </Empty>
  );
}
