import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { AuditEntryJson, AuditVerdictJson } from '../../api/resources/audit.ts';
import type { Page } from '../../store/contract.ts';
import { request } from '../data/request.ts';
import { useSettled } from '../data/settled.ts';
import { columnsOf, type GridRow } from '../grid/cells.ts';
import { ResultGrid } from '../grid/result-grid.tsx';
import { RowDialog } from '../grid/row-dialog.tsx';
import { Empty } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Refusal } from './refusal.tsx';
import { Section } from './section.tsx';

const pageSize = 200;
const columns = columnsOf([
  { name: 'at', kind: 'instant' },
  { name: 'actor', kind: 'text' },
  { name: 'action', kind: 'text' },
  { name: 'target', kind: 'text' },
  { name: 'detail', kind: 'text' },
]);

function rowOf({ at, actor, action, target, detail }: AuditEntryJson): GridRow {
  const words = Object.entries(detail).map(([name, value]) => `${name}=${String(value)}`);
  return [at, actor, action, target, words.join(' ')];
}

/** Who did what to what, and whether the log is as it was written. */
export function Audit() {
  const [written, setActor] = useState('');
  const actor = useSettled(written.trim());
  const [row, setRow] = useState<GridRow | null>(null);
  const log = useInfiniteQuery({
    queryKey: ['audit', actor],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (actor !== '') query.set('actor', actor);
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<Page<AuditEntryJson>>('GET', `/audit?${query}`);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  const rows = useMemo(() => log.data?.pages.flatMap((page) => page.items).map(rowOf) ?? [], [log.data]);
  return (
    <Section
      title="Audit log"
      query={log}
      actions={
        <>
          <label className="search">
            <span className="hidden-text">Done by</span>
            <input
              type="search"
              value={written}
              placeholder="Done by, whole name"
              onChange={(event) => setActor(event.target.value)}
            />
          </label>
          <Verification />
        </>
      }
    >
      {rows.length === 0 && !log.isPending ? (
        <Empty title="No entry fits" />
      ) : (
        <ResultGrid label="Entries of the audit log" columns={columns} rows={rows} open={setRow} />
      )}
      {log.hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button"
            disabled={log.isFetchingNextPage}
            onClick={() => void log.fetchNextPage()}
          >
            Older entries
          </button>
        </p>
      )}
      {row !== null && <RowDialog columns={columns} row={row} close={() => setRow(null)} />}
    </Section>
  );
}

/** Each entry carries the hash of the one before: changing or removing one breaks the chain. */
function Verification() {
  const verify = useMutation({ mutationFn: () => request<AuditVerdictJson>('GET', '/audit/verification') });
  const { data } = verify;
  return (
    <span className="verification">
      <button type="button" className="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
        {verify.isPending ? 'Verifying…' : 'Verify'}
      </button>
      <span role="status">
        {data?.broken === null && (
          <span className="check-good">All {figure(data.entries)} entries are as they were written.</span>
        )}
        {data?.broken != null && (
          <span className="check-bad">
            Entry {figure(data.broken.number)} is not as it was written: <Visible text={data.broken.reason} />
          </span>
        )}
      </span>
      <Refusal error={verify.error} />
    </span>
  );
}
