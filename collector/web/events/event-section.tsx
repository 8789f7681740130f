import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import { parseFilter } from '#shared/filter/parse.ts';
import type { EventJson } from '../../api/json/event.ts';
import { showFilter, shownFilter } from '../data/address.ts';
import { useEvents, useEventTypes } from '../data/queries.ts';
import { Failure } from '../text/failure.tsx';
import { EventRow } from './event-row.tsx';
import { FilterBox } from './filter-box.tsx';
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

const examples = [
  'process.name:curl and not user.name:root',
  'CommandLine:"*base64 -d*"',
  'type:network.connection destination.ip:10.0.0.0/8',
  'host:web-* type:login event.outcome:failure',
];

/** What to try when nothing fits, or nothing is there. */
function Nothing({ filtered, choose }: { filtered: boolean; choose: (filter: string) => void }) {
  return (
    <div className="empty">
      <strong>{filtered ? 'No event fits' : 'No events yet'}</strong>
      <p>{filtered ? 'Try less, or one of these.' : 'They show here as soon as an agent sends some.'}</p>
      <p className="examples">
        {examples.map((example) => (
          <button key={example} type="button" className="chip" onClick={() => choose(example)}>
            <code>{example}</code>
          </button>
        ))}
      </p>
    </div>
  );
}

/** The last filter that could be read: what is shown stays while a new one is not finished. */
function useReadable(text: string) {
  const [shown, setShown] = useState(() => (parseFilter(text).ok ? text : ''));
  const paused = usePaused(text);
  const parsed = useMemo(() => parseFilter(paused), [paused]);
  if (parsed.ok && shown !== paused) setShown(paused);
  return { shown, problem: parsed.ok ? undefined : parsed.problem };
}

/** What was stored, the newest first, by filter. */
export function EventSection() {
  const [type, setType] = useState('');
  const [text, setText] = useState(shownFilter);
  const types = useEventTypes().data?.items ?? [];
  const { shown, problem } = useReadable(text);
  useEffect(() => showFilter(shown), [shown]);
  const events = useEvents({ type, filter: shown.trim() });
  const items = useDeferredValue(events.data?.pages.flatMap((page) => page.items) ?? []);
  const filtered = type !== '' || shown !== '';
  return (
    <section className="panel" id="events" aria-labelledby="events-title">
      <div className="panel-head">
        <h2 id="events-title">Events</h2>
        <label className="select">
          <span className="hidden-text">Event type</span>
          <select value={type} onChange={(event) => setType(event.target.value)}>
            <option value="">All types</option>
            {types.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <FilterBox text={text} change={setText} problem={problem} />
        <LiveToggle />
      </div>
      {events.error !== null && <Failure error={events.error} retry={() => void events.refetch()} />}
      {items.length === 0 && !events.isPending && !events.hasNextPage && events.error === null ? (
        <Nothing filtered={filtered} choose={setText} />
      ) : (
        <EventTable items={items} />
      )}
      {events.hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button"
            disabled={events.isFetchingNextPage}
            onClick={() => void events.fetchNextPage()}
          >
            {items.length === 0 ? 'Nothing so far; search further back' : 'Older events'}
          </button>
        </p>
      )}
    </section>
  );
}

function EventTable({ items }: { items: readonly EventJson[] }) {
  return (
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
  );
}
