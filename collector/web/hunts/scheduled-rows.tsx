import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { HuntScheduleRowsJson } from '../../api/resources/hunt-schedules.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { columnsOf, type GridRow, kindOf } from '../grid/cells.ts';
import { ResultGrid } from '../grid/result-grid.tsx';
import { RowDialog } from '../grid/row-dialog.tsx';
import { Empty, Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { huntSchedulesKey, pathOfSchedule } from './schedule-words.ts';

interface ScheduledRowsProps {
  readonly hunt: string;
  readonly title: string;
  readonly close: () => void;
}

/** What a scheduled hunt last found, what is new before the rest. */
export function ScheduledRows({ hunt, title, close }: ScheduledRowsProps) {
  const { data, error, refetch } = useQuery({
    queryKey: [...huntSchedulesKey, hunt],
    queryFn: () => request<HuntScheduleRowsJson>('GET', `${pathOfSchedule(hunt)}/rows`),
  });
  const [row, setRow] = useState<GridRow | null>(null);
  const columns = useMemo(
    () =>
      columnsOf([
        { name: 'new', kind: 'text' },
        ...(data?.columns ?? []).map(({ name, type }) => ({ name, kind: kindOf(type) })),
      ]),
    [data],
  );
  const rows = useMemo(() => {
    const fresh = new Set(data?.newRows);
    const marked = (data?.rows ?? []).map((one, i) => [fresh.has(i) ? 'new' : '', ...one]);
    return marked.toSorted((a, b) => Number(b[0] === 'new') - Number(a[0] === 'new'));
  }, [data]);
  if (row !== null) return <RowDialog columns={columns} row={row} close={() => setRow(null)} />;
  return (
    <Dialog title={title} onClose={close} className="wide">
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data?.foundAt != null && (
        <p className="muted">
          Found <Exact at={data.foundAt} />, by <Visible text={hunt} />
        </p>
      )}
      {data !== undefined && rows.length === 0 && (
        <Empty title={data.foundAt === null ? 'No run has ended well yet' : 'It found nothing'} />
      )}
      {rows.length > 0 && (
        <ResultGrid label="Rows of the last run" columns={columns} rows={rows} open={setRow} />
      )}
    </Dialog>
  );
}
