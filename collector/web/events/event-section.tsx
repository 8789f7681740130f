import { useDeferredValue, useEffect, useState } from 'react';
import { useEvents, useEventTypes } from '../data/queries.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { EventRow } from './event-row.tsx';
import { eventsLive } from './live.ts';

const typingMs = 250;

/** The text once the typing has paused. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

function LiveToggle() {
  const live = eventsLive.use();
  return (
    <button
      type="button"
      className="button"
      aria-pressed={live === 'on'}
      onClick={() => eventsLive.set(live === 'on' ? 'off' : 'on')}
    >
      {live === 'on' ? 'Pause' : 'Follow'}
    </button>
  );
}

/** What was stored last. */
export function EventSection() {
  const [type, setType] = useState('');
  const [text, setText] = useState('');
  const types = useEventTypes().data?.items ?? [];
  const events = useEvents({ type, text: usePaused(text.trim()) });
  const items = useDeferredValue(events.data?.items ?? []);
  const filtered = type !== '' || text !== '';
  return (
    <section className="panel" id="events" aria-labelledby="events-title">
      <div className="panel-head">
        <h2 id="events-title">Recent events</h2>
        <label className="select">
          <span className="hidden-text">Event type</span>
          <select value={type} onChange={(event) => setType(event.target.value)}>
            <option value="">All types</option>
            {types.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label className="search">
          <span className="hidden-text">Text in any field</span>
          <input
            type="search"
            value={text}
            maxLength={512}
            placeholder="Text in any field"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <LiveToggle />
      </div>
      {events.error !== null && <Failure error={events.error} retry={() => void events.refetch()} />}
      {items.length === 0 && !events.isPending && events.error === null ? (
        <Empty title={filtered ? 'No event fits' : 'No events yet'}>
          {filtered ? 'Try another type or less text.' : 'They show here as soon as an agent sends some.'}
        </Empty>
      ) : (
        <div className="event-scroll">
          <table className="events">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Type</th>
                <th scope="col">Host</th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              {items.map((event) => (
                <EventRow key={event['event.id']} event={event} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
