import { useTable } from '@tanstack/react-table';
import { useMemo } from 'react';
import { useHealth, useHosts, useStatus } from '../data/queries.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { columns, features, type HostRow } from './host-columns.tsx';

function useHostRows(): readonly HostRow[] {
  const hosts = useHosts().data?.items;
  const ledgers = useStatus().data?.hosts;
  const health = useHealth().data;
  return useMemo(
    () =>
      (hosts ?? []).map((host) => ({
        host,
        ledger: ledgers?.find(({ hostId }) => hostId === host.id),
        sensors: health?.get(host.id)?.['agent.sensors'],
      })),
    [hosts, ledgers, health],
  );
}

const figures: ReadonlySet<string> = new Set(['Collected', 'Stored', 'Lost']);
const numeric = (column: string) => (figures.has(column) ? 'figure' : undefined);

export function HostSection() {
  const { error, isPending, refetch } = useHosts();
  const rows = useHostRows();
  return (
    <section className="panel" id="hosts" aria-labelledby="hosts-title">
      <div className="panel-head">
        <h2 id="hosts-title">Hosts</h2>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {rows.length === 0 && !isPending && error === null ? (
        <Empty title="No hosts yet">
          Make a token with <code>vedette enroll --new-token</code> and start an agent with it.
        </Empty>
      ) : (
        <HostTable rows={rows} />
      )}
    </section>
  );
}

function HostTable({ rows }: { rows: readonly HostRow[] }) {
  const table = useTable({ features, columns, data: rows });
  return (
    <div className="table-scroll">
      <table className="hosts">
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map(({ id, column }) => (
                <th key={id} scope="col" className={numeric(id)} aria-sort={sortWord(column.getIsSorted())}>
                  {column.getCanSort() ? (
                    <button type="button" onClick={column.getToggleSortingHandler()}>
                      {id}
                    </button>
                  ) : (
                    id
                  )}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.original.host.id}>
              {row.getAllCells().map((cell) => (
                <td key={cell.id} className={numeric(cell.column.id)} data-label={cell.column.id}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sortWord(sorted: false | 'asc' | 'desc') {
  return sorted === false ? undefined : sorted === 'asc' ? 'ascending' : 'descending';
}
