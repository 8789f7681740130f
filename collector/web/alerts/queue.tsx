import type { ReactNode } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import { VirtualTable } from '../table/virtual-table.tsx';
import { Empty, Failure } from '../text/failure.tsx';
import { AlertCard } from './alert-card.tsx';
import { alertColumns } from './alert-columns.tsx';
import { type AlertFilters, anyAlert } from './filters.ts';
import type { useQueue } from './use-queue.ts';

/** Title and command line. */
const rowHeight = 50;
/** Alerts raised this short a while ago light up when they come. */
const freshMs = 6_000;

interface QueueProps {
  readonly list: ReturnType<typeof useQueue>['list'];
  readonly alerts: readonly AlertJson[];
  readonly selected: ReadonlySet<string>;
  readonly openId: string | null;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
  readonly onOpen: (alert: AlertJson) => void;
  readonly onActive: (alert: AlertJson | undefined) => void;
  readonly onAway: (isAway: boolean) => void;
  readonly empty: ReactNode;
}

function rowClass({ level, raisedAt, status }: AlertJson): string {
  const isFresh = Date.now() - Date.parse(raisedAt) < freshMs;
  return `alert ${level} ${status === 'open' ? '' : 'dealt'} ${isFresh ? 'fresh' : ''}`;
}

const keyOf = (alert: AlertJson) => alert.id;

/** The alerts, newest first. */
export function Queue({ list, alerts, empty, ...props }: QueueProps) {
  if (list.error !== null) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isPending) return <div className="page-loading" role="status" aria-label="Loading" />;
  return (
    <VirtualTable
      label="Alerts"
      name="alerts"
      columns={alertColumns}
      rows={alerts}
      rowKey={keyOf}
      isSortedAlready
      rowHeight={rowHeight}
      rowClass={rowClass}
      card={(alert) => <AlertCard alert={alert} />}
      selected={props.selected}
      onSelect={props.onSelect}
      onOpen={props.onOpen}
      onActive={props.onActive}
      onAway={props.onAway}
      openKey={props.openId}
      onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}
      empty={list.hasNextPage ? <Empty title="Searching further back…" /> : empty}
    />
  );
}

/** Why there is nothing to see. */
export function NoAlerts({ filters }: { filters: AlertFilters }) {
  const isFiltered = Object.entries(filters).some(
    ([name, value]) => name !== 'status' && value !== anyAlert[name as keyof AlertFilters],
  );
  if (isFiltered) return <Empty title="No alert fits the filter">Take some of it away to see more.</Empty>;
  if (filters.status === 'open') {
    return <Empty title="No open alerts">A new one shows here the moment a rule matches.</Empty>;
  }
  return <Empty title="No alerts of this status" />;
}
