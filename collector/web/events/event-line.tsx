import type { EventJson } from '../../api/json/event.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Moment } from '../time/moment.tsx';
import { summaryOf } from './summary.ts';

interface EventLineProps {
  readonly event: EventJson;
  readonly index: number;
  readonly isOpen: boolean;
  readonly open: (event: EventJson) => void;
  readonly measure: (row: HTMLElement | null) => void;
}

/** One event in one line; its type opens it. */
export function EventLine({ event, index, isOpen, open, measure }: EventLineProps) {
  const { main, pairs } = summaryOf(event);
  return (
    <tr
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      className={isOpen ? 'open' : undefined}
      onClick={() => getSelection()?.isCollapsed !== false && open(event)}
    >
      <td>
        <Moment at={event['@timestamp']} />
      </td>
      <td>
        <button type="button" className="event-type" aria-expanded={isOpen}>
          {event['event.dataset']}
        </button>
      </td>
      <td className="event-host">
        <Visible text={event['host.name']} />
      </td>
      <td className="event-what">
        <div className="event-summary">
          {main !== undefined && <Code text={main} />}
          {pairs.map(([name, value]) => (
            <span key={name} className="pair">
              <span className="muted">{name}</span> <Visible text={value} />
            </span>
          ))}
        </div>
      </td>
    </tr>
  );
}
