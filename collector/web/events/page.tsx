import { lazy, Suspense, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { parseFilter } from '#shared/filter/parse.ts';
import type { EventJson } from '../../api/json/event.ts';
import { explain } from '../data/request.ts';
import { PageHead } from '../frame/page-head.tsx';
import { useParameter } from '../route/place.ts';
import { Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { useSpan } from '../time/span.ts';
import { SpanPicker } from '../time/span-picker.tsx';
import { EventDetail } from './event-detail.tsx';
import { EventList } from './event-list.tsx';
import { maxEvents, useEventCounts, useEventSearch } from './event-queries.ts';
import { FilterBox } from './filter-box.tsx';
import { withTest } from './filter-text.ts';
import { eventsLive } from './live.ts';
import { NoEvents } from './no-events.tsx';
import { TypeFacets } from './type-facets.tsx';
import { usePaused } from './use-paused.ts';

const Histogram = lazy(() => import('./histogram.tsx'));

/** The last filter that could be read: what is shown stays while a new one is not finished. */
function useReadable(text: string) {
  const [shown, setShown] = useState(() => (parseFilter(text).ok ? text : ''));
  const paused = usePaused(text);
  const parsed = useMemo(() => parseFilter(paused), [paused]);
  if (parsed.ok && shown !== paused) setShown(paused);
  return { shown, problem: parsed.ok ? undefined : parsed.problem };
}

/** The text of the filter box: what is typed, and what the address says when it changes by itself. */
function useFilterText(): [text: string, change: (text: string) => void] {
  const [inAddress, setInAddress] = useParameter('filter');
  const [text, setText] = useState(inAddress);
  const [known, setKnown] = useState(inAddress);
  if (known !== inAddress) {
    setKnown(inAddress);
    setText(inAddress);
  }
  const paused = usePaused(text);
  useEffect(() => {
    if (!parseFilter(paused).ok) return;
    setKnown(paused);
    setInAddress(paused);
  }, [paused, setInAddress]);
  return [text, setText];
}

/** What was stored, by filter and time: how much of it when, and each event whole. */
export default function EventsPage() {
  const [type, setType] = useParameter('type');
  const [text, setText] = useFilterText();
  const [span, setSpan] = useSpan('24h');
  const [open, setOpen] = useState<EventJson | null>(null);
  const { shown, problem } = useReadable(text);
  const ask = { type, filter: shown.trim(), span };
  const isFollowed = eventsLive.use() === 'on' && 'last' in span;
  const counts = useEventCounts({ filter: ask.filter, span }, isFollowed);
  const events = useEventSearch(ask);
  const items = useDeferredValue(
    useMemo(() => events.data?.pages.flatMap((page) => page.items) ?? [], [events.data]),
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = events;
  const more = hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined;
  const isEmpty = items.length === 0 && !events.isPending && !hasNextPage && events.error === null;
  return (
    <>
      <PageHead
        title="Events"
        actions={
          <>
            <SpanPicker span={span} change={setSpan} />
            <LiveToggle />
          </>
        }
      />
      <section className="panel" aria-label="Search">
        <div className="panel-head">
          <FilterBox text={text} change={setText} problem={problem} />
          <p className="muted push-end" role="status">
            {counts.data !== undefined && <>{figure(totalOf(counts.data.items, type))} events</>}
          </p>
        </div>
        {counts.data !== undefined && counts.data.items.length > 0 && (
          <Suspense fallback={<div className="event-histogram" />}>
            <Histogram
              counts={type === '' ? counts.data : onlyType(counts.data, type)}
              zoom={(since, until) =>
                setSpan({ since: new Date(since).toISOString(), until: new Date(until).toISOString() })
              }
            />
          </Suspense>
        )}
        {counts.error !== null && <p className="muted pad-x">Not counted: {explain(counts.error).what}</p>}
        {counts.data !== undefined && <TypeFacets counts={counts.data} chosen={type} choose={setType} />}
      </section>
      <div className={open === null ? 'event-split' : 'event-split with-event'}>
        <section className="panel" aria-label="Events">
          {events.error !== null && <Failure error={events.error} retry={() => void events.refetch()} />}
          {isEmpty ? (
            <NoEvents isFiltered={type !== '' || shown !== '' || span !== undefined} choose={setText} />
          ) : (
            <EventList items={items} openId={open?.['event.id'] ?? null} open={setOpen} more={more} />
          )}
          {items.length === 0 && hasNextPage && <p className="muted pad">Searching further back…</p>}
          {items.length >= maxEvents && (
            <p className="muted pad">
              These are the newest {figure(maxEvents)}. Narrow the search for others.
            </p>
          )}
        </section>
        {open !== null && (
          <EventDetail
            key={open['event.id']}
            event={open}
            ask={ask}
            narrow={(test) => setText(withTest(text, test))}
            close={() => setOpen(null)}
          />
        )}
      </div>
    </>
  );
}

function totalOf(items: readonly { readonly type: string; readonly events: number }[], type: string): number {
  return items.reduce((sum, item) => (type === '' || item.type === type ? sum + item.events : sum), 0);
}

function onlyType<T extends { readonly items: readonly { readonly type: string }[] }>(
  counts: T,
  type: string,
): T {
  return { ...counts, items: counts.items.filter((item) => item.type === type) };
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
