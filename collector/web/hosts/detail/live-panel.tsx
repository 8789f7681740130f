import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { HostJson } from '../../../api/json/host.ts';
import { outside } from '../../../intake/outside.ts';
import { treeOfProcess } from '../../data/address.ts';
import { useStoredEvents } from '../../data/host-queries.ts';
import { askHost, type LiveRow, NoAnswer } from '../../data/live-query.ts';
import { explain } from '../../data/request.ts';
import { useMay } from '../../session/caller.ts';
import type { TableColumn } from '../../table/column.ts';
import { VirtualTable } from '../../table/virtual-table.tsx';
import { Empty, Failure } from '../../text/failure.tsx';
import { figure } from '../../text/figures.ts';
import { Code, Visible } from '../../text/visible.tsx';
import { durationWords } from '../../time/duration.ts';
import { Ago } from '../../time/instant.tsx';
import { type LiveColumn, type LiveTable, liveText } from './live-tables.ts';

type Keyed = LiveRow & { readonly key: number };
const keyOf = ({ key }: Keyed) => String(key);

/** Entities lead to their trees. */
function cellOf(column: LiveColumn, host: string) {
  return (row: Keyed) => {
    const value = row[column.name];
    if (column.form === 'seconds' && typeof value === 'number')
      return <Ago at={new Date(value * 1000).toISOString()} />;
    const text = liveText(column, value);
    const entity = row['entity_id'];
    const start = row['start_time'];
    if (column.name === 'pid' && typeof entity === 'string' && typeof start === 'number')
      return (
        <a href={treeOfProcess(entity, host, new Date(start * 1000).toISOString())} tabIndex={-1}>
          {text}
        </a>
      );
    return <Code text={text} />;
  };
}

/** Why a host is not asked itself; undefined where it can be. */
function useHindrance(host: HostJson): string | undefined {
  const mayAsk = useMay('respond');
  if (host.id === outside.id) return 'It has no agent: other systems report through the API.';
  if (!host.connected) return 'The host is not connected.';
  return mayAsk ? undefined : 'Asking hosts needs the permission to respond.';
}

/** One table of the host's present state, from itself if it can be asked, else from what is stored; it says which. */
export function LivePanel({ host, table }: { host: HostJson; table: LiveTable }) {
  const hindrance = useHindrance(host);
  const live = useQuery({
    queryKey: ['live', host.id, table.tab],
    queryFn: () => askHost(host.id, table.sql),
    enabled: hindrance === undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const why =
    hindrance ??
    (live.error === null
      ? undefined
      : live.error instanceof NoAnswer
        ? live.error.message
        : explain(live.error).what);
  const stored = useStoredEvents(host.id, table.types, why !== undefined && table.types.length > 0);
  const [text, setText] = useState('');
  const events = stored.data?.items;
  const all = why === undefined ? live.data?.rows : table.fromEvents(events ?? []);
  const rows = useMemo(() => found(all ?? [], text), [all, text]);
  const columns = useMemo(
    () =>
      table.columns.map((column): TableColumn<Keyed> => {
        const { name, ...rest } = column;
        return {
          ...rest,
          id: name,
          text: (row) => liveText(column, row[name]),
          sortBy: (row) => row[name] ?? undefined,
          cell: cellOf(column, host.id),
        };
      }),
    [table, host.id],
  );
  const isPending = why === undefined ? live.isPending : table.types.length > 0 && stored.isPending;
  const newest = events?.[0]?.['@timestamp'];
  return (
    <section className="panel" aria-label={table.title}>
      <div className="panel-head">
        <h2>{table.title}</h2>
        <p className="live-source" role="status">
          {isPending ? (
            'Asking…'
          ) : why === undefined && live.data !== undefined ? (
            <>
              <strong className="good">Live from the host</strong>,{' '}
              <Ago at={new Date(live.data.askedAtMs).toISOString()} />, {figure(live.data.rows.length)} rows
              in {durationWords(live.data.tookMs)}
              {live.data.cut > 0 && <>, {figure(live.data.cut)} left out</>}
            </>
          ) : (
            <>
              <strong>From stored events</strong>
              {newest !== undefined && (
                <>
                  , the newest <Ago at={newest} />
                </>
              )}
              . <Visible text={why ?? ''} /> {table.storedWords}
            </>
          )}
        </p>
        <label className="search">
          <span className="hidden-text">Search {table.title.toLowerCase()}</span>
          <input
            type="search"
            value={text}
            placeholder="Search"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {hindrance === undefined && (
          <button
            type="button"
            className="button"
            disabled={live.isFetching}
            onClick={() => void live.refetch()}
          >
            {live.isFetching ? 'Asking…' : 'Ask again'}
          </button>
        )}
      </div>
      {stored.error !== null && <Failure error={stored.error} retry={() => void stored.refetch()} />}
      {isPending ? (
        <div className="page-loading" role="status" aria-label="Loading" />
      ) : (
        <VirtualTable
          label={table.title}
          name={`host-${table.tab}`}
          columns={columns}
          rows={rows}
          rowKey={keyOf}
          rowHeight={30}
          height="calc(100dvh - 300px)"
          empty={<Empty title={text === '' ? 'Nothing is known' : 'Nothing fits'} />}
        />
      )}
    </section>
  );
}

/** Rows with the text in any cell, each with a key of its own. */
function found(rows: readonly LiveRow[], text: string): readonly Keyed[] {
  const wanted = text.trim().toLowerCase();
  return rows
    .map((row, key) => ({ ...row, key }))
    .filter(
      ({ key: _, ...row }) =>
        wanted === '' || Object.values(row).some((value) => String(value).toLowerCase().includes(wanted)),
    );
}
