import type { StoryJson } from '../../api/json/story.ts';
import { levels } from '../../store/contract.ts';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { pageOfStory } from '../data/address.ts';
import type { TableColumn } from '../table/column.ts';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { Tactics } from './tactics.tsx';

const namesOf = ({ hosts }: StoryJson) => hosts.map(({ name }) => name).join(', ');

export const storyColumns: readonly TableColumn<StoryJson>[] = [
  {
    ...{ id: 'level', title: 'Level', width: 112 },
    text: ({ level }) => level,
    sortBy: ({ level }) => levels.indexOf(level),
    cell: ({ level }) => <LevelBadge level={level} />,
  },
  {
    ...{ id: 'story', title: 'Story', width: 240, grows: true },
    text: ({ title }) => title,
    cell: ({ id, title, tactics }) => (
      <span className="alert-what">
        <a className="host-link" href={pageOfStory(id)} tabIndex={-1}>
          <Visible text={title} />
        </a>
        <Tactics tactics={tactics} />
      </span>
    ),
  },
  {
    ...{ id: 'hosts', title: 'Hosts', width: 150 },
    text: namesOf,
    cell: (story) => <Visible text={namesOf(story)} />,
  },
  {
    ...{ id: 'users', title: 'Users', width: 110 },
    text: ({ users }) => users.join(', '),
    cell: ({ users }) => <Visible text={users.join(', ')} />,
  },
  {
    ...{ id: 'alerts', title: 'Alerts', width: 76, align: 'end' },
    text: ({ alerts }) => String(alerts),
    sortBy: ({ alerts }) => alerts,
    cell: ({ alerts }) => <>{figure(alerts)}</>,
  },
  {
    ...{ id: 'open', title: 'Open', width: 70, align: 'end' },
    text: ({ open }) => String(open),
    sortBy: ({ open }) => open,
    cell: ({ open }) => <span className={open === 0 ? 'muted' : undefined}>{figure(open)}</span>,
  },
  {
    ...{ id: 'confidence', title: 'Confidence', width: 104, align: 'end' },
    text: ({ confidence }) => `${confidence} %`,
    sortBy: ({ confidence }) => confidence,
    cell: ({ confidence }) => <>{confidence} %</>,
  },
  {
    ...{ id: 'last', title: 'Last event', width: 116 },
    text: ({ lastEventAt }) => lastEventAt,
    cell: ({ lastEventAt }) => <Ago at={lastEventAt} />,
  },
];
