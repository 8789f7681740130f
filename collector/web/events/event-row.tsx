import { memo, useState } from 'react';
import type { EventJson } from '../../api/json/event.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Clock } from '../time/instant.tsx';
import { Fields } from './fields.tsx';
import { summaryOf } from './summary.ts';

export const EventRow = memo(
  function EventRow({ event }: { event: EventJson }) {
    const [open, setOpen] = useState(false);
    const { main, pairs } = summaryOf(event);
    return (
      <>
        <tr className={open ? 'open' : undefined}>
          <td>
            <Clock at={event['@timestamp']} />
          </td>
          <td>
            <button type="button" className="event-type" aria-expanded={open} onClick={() => setOpen(!open)}>
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
        {open && (
          <tr className="event-fields">
            <td colSpan={4}>
              <Fields event={event} />
            </td>
          </tr>
        )}
      </>
    );
  },
  (was, is) => was.event['event.id'] === is.event['event.id'],
);
