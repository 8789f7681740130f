import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertJson } from '../../../api/json/alert.ts';
import type { EventJson } from '../../../api/json/event.ts';
import { request } from '../../data/request.ts';
import { Fields } from '../../events/fields.tsx';
import { summaryOf } from '../../events/summary.ts';
import { figure } from '../../text/figures.ts';
import { Code, Visible } from '../../text/visible.tsx';
import { Clock } from '../../time/instant.tsx';

/** Events read at once; the newest are at the end. */
const atOnce = 10;

/** The events that are the evidence of an alert, as they are stored; read when somebody wants to see them. */
export function Evidence({ alert }: { alert: AlertJson }) {
  const [isOpen, setOpen] = useState(false);
  const named = alert.eventIds.length;
  if (named === 0) return null;
  return (
    <section>
      <div className="section-head">
        <h3>Evidence</h3>
        <button type="button" className="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide' : named === 1 ? 'Show the event' : `Show ${figure(named)} events`}
        </button>
      </div>
      {isOpen && <Events alert={alert} />}
    </section>
  );
}

function Events({ alert: { eventIds, count } }: { alert: AlertJson }) {
  const [most, setMost] = useState(atOnce);
  const found = useQueries({
    queries: eventIds.slice(0, most).map((id) => ({
      queryKey: ['event', id],
      queryFn: () => request<EventJson>('GET', `/events/${encodeURIComponent(id)}`),
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
    })),
  });
  const gone = found.filter(({ isError }) => isError).length;
  return (
    <>
      <ul className="evidence">
        {found.map(({ data }, i) => data !== undefined && <Line key={eventIds[i]} event={data} />)}
      </ul>
      {gone > 0 && (
        <p className="muted">{figure(gone)} of these events are not stored here any more, or not yet.</p>
      )}
      {eventIds.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + atOnce)}>
          More of them
        </button>
      )}
      {count > eventIds.length && (
        <p className="muted">
          Of {figure(count)} events the first and the last {figure(eventIds.length)} are named.
        </p>
      )}
    </>
  );
}

function Line({ event }: { event: EventJson }) {
  const [isOpen, setOpen] = useState(false);
  const { main, pairs } = summaryOf(event);
  return (
    <li>
      <button type="button" className="event-type" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Clock at={event['@timestamp']} /> {event['event.dataset']}
      </button>{' '}
      {main === undefined ? (
        pairs.map(([name, value]) => (
          <span key={name} className="pair">
            <span className="muted">{name}</span> <Visible text={value} />{' '}
          </span>
        ))
      ) : (
        <Code text={main} wrap />
      )}
      {isOpen && <Fields event={event} />}
    </li>
  );
}
