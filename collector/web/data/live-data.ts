/** Brings what the feed says into what the page shows. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { FeedMessages } from '../../api/feed/topics.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { HostJson } from '../../api/json/host.ts';
import type { RateJson } from '../../api/json/rate.ts';
import { announce } from '../alerts/announcer.ts';
import type { AlertFilters } from '../alerts/filters.ts';
import { eventsLive } from '../events/live.ts';
import { type AlertPages, withAlert } from './alert-pages.ts';
import { type Connection, openFeed } from './feed.ts';
import { rateHistory } from './rate-history.ts';
import { request } from './request.ts';
import { throttle } from './throttle.ts';

/** Puts an alert into every list that is kept, and in its own place. */
export function putAlert(queries: QueryClient, alert: AlertJson): void {
  for (const [key, pages] of queries.getQueriesData<AlertPages>({ queryKey: ['alerts'] })) {
    const next = pages && withAlert(pages, alert, key[1] as AlertFilters);
    if (next !== undefined) queries.setQueryData(key, next);
    else if (pages !== undefined) void queries.invalidateQueries({ queryKey: key });
  }
  queries.setQueryData(['alert', alert.id], alert);
}

function putHost(queries: QueryClient, host: HostJson): void {
  queries.setQueryData<{ items: readonly HostJson[] }>(['hosts'], (known) => {
    if (known === undefined) return known;
    const others = known.items.filter(({ id }) => id !== host.id);
    return { items: [...others, host].sort((a, b) => a.hostname.localeCompare(b.hostname)) };
  });
}

/** Pages of a list of events beyond which it is not followed. */
const followedPages = 2;

function pagesIn(data: unknown): number {
  return (data as { readonly pages?: readonly unknown[] } | undefined)?.pages?.length ?? 0;
}

function handlersFor(queries: QueryClient) {
  const again = (key: string, ms: number) =>
    throttle(() => void queries.invalidateQueries({ queryKey: [key] }), ms);
  const counts = again('alert-counts', 500);
  const histogram = again('alert-histogram', 5_000);
  const status = again('status', 2_000);
  // Whoever has scrolled far reads what was, and it would all be fetched anew.
  const events = throttle(
    () =>
      void queries.invalidateQueries({
        queryKey: ['events'],
        predicate: ({ state }) => pagesIn(state.data) <= followedPages,
      }),
    1_500,
  );
  const byTopic: { readonly [T in keyof FeedMessages]: (message: FeedMessages[T]) => void } = {
    alert({ alert, isNew }) {
      putAlert(queries, alert);
      counts();
      if (!isNew) return;
      histogram();
      announce(alert);
    },
    host(host) {
      putHost(queries, host);
      status();
    },
    // Not asked for: the dashboard shows no commands.
    command() {},
    rates: (point) => rateHistory.add([point]),
    rollout() {
      void queries.invalidateQueries({ queryKey: ['rollouts'] });
    },
    stored() {
      status();
      if (eventsLive.get() === 'on') events();
    },
  };
  return <T extends keyof FeedMessages>(topic: T, message: FeedMessages[T]) => byTopic[topic](message);
}

async function loadRates(): Promise<void> {
  const points = await request<readonly RateJson[]>('GET', '/rates').catch(() => []);
  if (points.length > 0) rateHistory.add(points);
}

/** Keeps the feed open while the dashboard is shown. */
export function useLiveData(): Connection {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>('connecting');
  useEffect(() => {
    void loadRates();
    return openFeed({
      message: handlersFor(queries),
      connection: setConnection,
      resumed() {
        void queries.invalidateQueries();
        void loadRates();
      },
    });
  }, [queries]);
  return connection;
}
