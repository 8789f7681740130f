import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFns,
  tableFeatures,
} from '@tanstack/react-table';
import type { HostJson } from '../../api/json/host.ts';
import type { LedgerJson } from '../../api/json/status.ts';
import { visibleText } from '../text/control-characters.ts';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { Sensors } from './sensors.tsx';

export interface HostRow {
  readonly host: HostJson;
  readonly ledger: LedgerJson | undefined;
  readonly sensors: unknown;
}

export const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns,
});
const helper = createColumnHelper<typeof features, HostRow>();

function Lost({ ledger }: { ledger: LedgerJson | undefined }) {
  if (ledger === undefined) return <>–</>;
  const defects = Math.abs(ledger.unaccounted) + ledger.duplicates;
  const why = Object.entries(ledger.lostByReason).map(([reason, events]) => `${reason} ${figure(events)}`);
  return (
    <span
      className={ledger.lost + defects > 0 ? 'bad-figure' : undefined}
      title={visibleText(why.join(', ')) || undefined}
    >
      {figure(ledger.lost)}
      {defects > 0 && ` (${figure(ledger.unaccounted)} unaccounted)`}
    </span>
  );
}

function Name({ host }: { host: HostJson }) {
  return (
    <span className="host-name">
      <span
        className={host.connected ? 'dot on' : 'dot'}
        role="img"
        aria-label={host.connected ? 'connected' : 'not connected'}
      />
      <Visible text={host.hostname} />
    </span>
  );
}

export const columns = helper.columns([
  helper.accessor((row) => row.host.hostname, {
    id: 'Host',
    cell: ({ row }) => <Name host={row.original.host} />,
  }),
  helper.accessor((row) => [row.host.os, row.host.osVersion].filter(Boolean).join(' '), {
    id: 'System',
    cell: ({ row, getValue }) => (
      <span title={visibleText(row.original.host.kernel ?? '')}>
        <Visible text={getValue()} />
      </span>
    ),
  }),
  helper.accessor((row) => row.host.agentVersion ?? '', {
    id: 'Agent',
    cell: ({ getValue }) => <Visible text={getValue() || '–'} />,
  }),
  helper.display({ id: 'Sensors', cell: ({ row }) => <Sensors entries={row.original.sensors} /> }),
  helper.accessor((row) => row.host.lastSeenAt ?? '', {
    id: 'Last seen',
    cell: ({ getValue }) => (getValue() === '' ? 'never' : <Ago at={getValue()} />),
  }),
  helper.accessor((row) => row.ledger?.collected ?? 0, {
    id: 'Collected',
    cell: ({ getValue }) => figure(getValue()),
  }),
  helper.accessor((row) => row.ledger?.stored ?? 0, {
    id: 'Stored',
    cell: ({ getValue }) => figure(getValue()),
  }),
  helper.accessor((row) => row.ledger?.lost ?? 0, {
    id: 'Lost',
    cell: ({ row }) => <Lost ledger={row.original.ledger} />,
  }),
]);
