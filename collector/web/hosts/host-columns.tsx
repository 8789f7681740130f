import type { LedgerJson } from '../../api/json/status.ts';
import { pageOfHost } from '../data/address.ts';
import type { TableColumn } from '../table/column.ts';
import { visibleText } from '../text/control-characters.ts';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { durationWords } from '../time/duration.ts';
import { Ago } from '../time/instant.tsx';
import { presences } from './presence.ts';
import { PresenceMark } from './presence-mark.tsx';
import { isRunning } from './sensor-modes.ts';
import { SensorsInShort } from './sensors.tsx';
import type { HostRow } from './use-host-rows.ts';

/** Events lost, each counted; a tooltip says why. */
export function Lost({ ledger }: { ledger: LedgerJson | undefined }) {
  if (ledger === undefined) return <span className="muted">–</span>;
  const defects = Math.abs(ledger.unaccounted) + ledger.duplicates;
  const why = Object.entries(ledger.lostByReason).map(([reason, events]) => `${reason} ${figure(events)}`);
  const className = ledger.lost + defects > 0 ? 'bad-figure' : undefined;
  return (
    <span className={className} title={visibleText(why.join(', ')) || undefined}>
      {figure(ledger.lost)}
      {defects > 0 && ` (${figure(ledger.unaccounted)} unaccounted)`}
    </span>
  );
}

export function RiskScore({ score }: { score: number }) {
  const tone = score >= 150 ? 'critical' : score >= 60 ? 'high' : score >= 20 ? 'medium' : 'none';
  return <span className={`risk ${tone}`}>{figure(Math.round(score))}</span>;
}

const systemOf = ({ host: { os, osVersion } }: HostRow) => [os, osVersion].filter(Boolean).join(' ');
const rulesOf = ({ rules }: HostRow) =>
  rules === undefined || rules.status === 'unknown' ? '–' : `${rules.version || 'none'} ${rules.status}`;

export const hostColumns: readonly TableColumn<HostRow>[] = [
  {
    ...{ id: 'host', title: 'Host', width: 180, grows: true },
    text: ({ host }) => host.hostname,
    cell: ({ host }) => (
      <a className="host-link" href={pageOfHost(host.id)} tabIndex={-1}>
        <Visible text={host.hostname} />
      </a>
    ),
  },
  {
    ...{ id: 'state', title: 'State', width: 110 },
    text: ({ presence }) => presence,
    sortBy: ({ presence }) => presences.indexOf(presence),
    cell: ({ presence }) => <PresenceMark presence={presence} />,
  },
  {
    ...{ id: 'risk', title: 'Risk', width: 70, align: 'end' },
    text: ({ risk }) => String(Math.round(risk)),
    sortBy: ({ risk }) => risk,
    cell: ({ risk }) => <RiskScore score={risk} />,
  },
  {
    ...{ id: 'lag', title: 'Lag', width: 84, align: 'end' },
    text: ({ lagMs }) => (lagMs === undefined ? '–' : durationWords(lagMs)),
    sortBy: ({ lagMs }) => lagMs,
    cell: ({ lagMs, presence }) => (
      <span className={presence === 'behind' ? 'bad-figure' : undefined}>
        {lagMs === undefined ? '–' : durationWords(lagMs)}
      </span>
    ),
  },
  {
    ...{ id: 'lost', title: 'Lost', width: 80, align: 'end' },
    text: ({ ledger }) => String(ledger?.lost ?? 0),
    sortBy: ({ ledger }) => ledger?.lost ?? 0,
    cell: ({ ledger }) => <Lost ledger={ledger} />,
  },
  {
    ...{ id: 'pending', title: 'Pending', width: 90, align: 'end', isHidden: true },
    text: ({ ledger }) => String(ledger?.pending ?? 0),
    sortBy: ({ ledger }) => ledger?.pending ?? 0,
    cell: ({ ledger }) => <>{figure(ledger?.pending ?? 0)}</>,
  },
  {
    ...{ id: 'system', title: 'System', width: 150 },
    text: systemOf,
    cell: (row) => (
      <span title={visibleText(row.host.kernel ?? '')}>
        <Visible text={systemOf(row)} />
      </span>
    ),
  },
  {
    ...{ id: 'sensors', title: 'Sensors', width: 110 },
    text: ({ sensors }) => sensors.map(({ name, mode }) => `${name}=${mode}`).join(' '),
    sortBy: ({ sensors }) => sensors.filter(isRunning).length,
    cell: ({ sensors }) => <SensorsInShort sensors={sensors} />,
  },
  {
    ...{ id: 'rules', title: 'Rules', width: 106 },
    text: rulesOf,
    cell: (row) => (
      <span title={visibleText(row.rules?.detail ?? '') || undefined}>
        <Visible text={rulesOf(row)} />
      </span>
    ),
  },
  {
    ...{ id: 'groups', title: 'Groups', width: 130, isHidden: true },
    text: ({ host }) => (host.groups ?? []).join(', '),
  },
  {
    ...{ id: 'agent', title: 'Agent', width: 80, isHidden: true },
    text: ({ host }) => host.agentVersion ?? '–',
    cell: ({ host }) => <Visible text={host.agentVersion ?? '–'} />,
  },
  {
    ...{ id: 'seen', title: 'Last seen', width: 110 },
    text: ({ host }) => host.lastSeenAt ?? 'never',
    cell: ({ host }) => (host.lastSeenAt === null ? 'never' : <Ago at={host.lastSeenAt} />),
  },
  {
    ...{ id: 'stored', title: 'Stored', width: 100, align: 'end', isHidden: true },
    text: ({ ledger }) => String(ledger?.stored ?? 0),
    sortBy: ({ ledger }) => ledger?.stored ?? 0,
    cell: ({ ledger }) => <>{figure(ledger?.stored ?? 0)}</>,
  },
  {
    ...{ id: 'id', title: 'Id', width: 240, isHidden: true },
    text: ({ host }) => host.id,
  },
];
