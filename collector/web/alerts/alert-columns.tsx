import type { AlertJson } from '../../api/json/alert.ts';
import { levels } from '../../store/contract.ts';
import type { TableColumn } from '../table/column.ts';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { AlertWhat, userOf } from './alert-what.tsx';
import { LevelBadge } from './level-badge.tsx';
import { AlertStatusWord } from './status-word.tsx';

/** Alerts are listed by when they were raised: the collector's order is the only one over pages. */
const byCollector = { isSortable: false } as const;

export const alertColumns: readonly TableColumn<AlertJson>[] = [
  {
    ...{ id: 'level', title: 'Level', width: 112, ...byCollector },
    text: ({ level }) => level,
    sortBy: ({ level }) => levels.indexOf(level),
    cell: ({ level }) => <LevelBadge level={level} />,
  },
  {
    ...{ id: 'alert', title: 'Alert', width: 240, grows: true, ...byCollector },
    text: ({ ruleTitle }) => ruleTitle,
    cell: (alert) => (
      <span className="alert-what">
        <AlertWhat alert={alert} />
      </span>
    ),
  },
  {
    ...{ id: 'host', title: 'Host', width: 140, ...byCollector },
    text: ({ hostName }) => hostName,
    cell: ({ hostName }) => <Visible text={hostName} />,
  },
  {
    ...{ id: 'user', title: 'User', width: 96, ...byCollector },
    text: userOf,
    cell: (alert) => <Visible text={userOf(alert)} />,
  },
  {
    ...{ id: 'count', title: 'Events', width: 70, align: 'end', ...byCollector },
    text: ({ count }) => String(count),
    cell: ({ count }) => <span className={count === 1 ? 'muted' : undefined}>{figure(count)}</span>,
  },
  {
    ...{ id: 'confidence', title: 'Confidence', width: 100, isHidden: true, align: 'end', ...byCollector },
    text: ({ confidence }) => `${confidence} %`,
    cell: ({ confidence }) => <span className="muted">{confidence} %</span>,
  },
  {
    ...{ id: 'raised', title: 'Raised', width: 110, ...byCollector },
    text: ({ raisedAt }) => raisedAt,
    cell: ({ raisedAt }) => <Ago at={raisedAt} />,
  },
  {
    ...{ id: 'last', title: 'Last event', width: 100, isHidden: true, ...byCollector },
    text: ({ lastEventAt }) => lastEventAt,
    cell: ({ lastEventAt }) => <Ago at={lastEventAt} />,
  },
  {
    ...{ id: 'status', title: 'Status', width: 104, ...byCollector },
    text: ({ status }) => status,
    cell: (alert) => <AlertStatusWord alert={alert} />,
  },
  {
    ...{ id: 'tags', title: 'ATT&CK', width: 160, isHidden: true, ...byCollector },
    text: ({ tags }) => tags.join(' '),
    cell: ({ tags }) => <Visible text={tags.join(' ')} />,
  },
  {
    ...{ id: 'note', title: 'Note', width: 200, isHidden: true, ...byCollector },
    text: ({ note }) => note ?? '',
    cell: ({ note }) => <Visible text={note ?? ''} />,
  },
];
