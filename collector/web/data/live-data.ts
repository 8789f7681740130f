/** Brings what the feed says into what the page shows. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { FeedMessages } from '../../api/feed/topics.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { HostJson } from '../../api/json/host.ts';
import type { RateJson } from '../../api/json/rate.ts';
import { announce } from '../alerts/announcer.ts';
import { eventsLive } from '../events/live.ts';
import { type AlertPages, withAlert } from './alert-pages.ts';
import { type Connection, openFeed } from './feed.ts';
import type { AlertFilters } from './queries.ts';
import { rateHistory } from './rate-history.ts';
import { request } from './request.ts';
import { throttle } from './throttle.ts';

/** Puts an alert into every list that is kept, and in its own place. */
export function putAlert(queries: QueryClient, alert: AlertJson): void {
  for (const [key, pages] of queries.getQueriesData<AlertPages>({ queryKey: ['alerts'] })) {
    if (pages !== undefined) queries.setQueryData(key, withAlert(pages, alert, key[1] as AlertFilters));
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

function handlersFor(queries: QueryClient) {
  const again = (key: string, ms: number) =>
    throttle(() => void queries.invalidateQueries({ queryKey: [key] }), ms);
  const counts = again('alert-counts', 500);
  const status = again('status', 2_000);
  const events = again('events', 1_500);
  const byTopic: { readonly [T in keyof FeedMessages]: (message: FeedMessages[T]) => void } = {
    alert({ alert, isNew }) {
      putAlert(queries, alert);
      counts();
      if (isNew) announce(alert);
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
