import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { EventJson } from '../../api/json/event.ts';
import type { EventCountsJson, EventValuesJson } from '../../api/resources/event-counts.ts';
import type { Page } from '../../store/contract.ts';
import { request } from '../data/request.ts';
import { boundsOf, type Span } from '../time/span.ts';

const pageSize = 200;
/** Beyond so many events the page asks to narrow down rather than to scroll on. */
export const maxEvents = 20_000;
const bars = 120;
/** Counting reads more than a page of events does. */
const countEveryMs = 15_000;

export interface EventAsk {
  /** Empty: all. */
  readonly type: string;
  /** As the user wrote it, and readable. */
  readonly filter: string;
  readonly span: Span;
}

function parametersOf({ type, filter, span }: EventAsk, more: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ ...boundsOf(span), ...more });
  if (type !== '') query.set('type', type);
  if (filter !== '') query.set('filter', filter);
  return query;
}

export function useEventSearch(ask: EventAsk) {
  return useInfiniteQuery({
    queryKey: ['events', ask],
    queryFn: ({ pageParam, signal }) => {
      const query = parametersOf(ask, { limit: String(pageSize) });
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<Page<EventJson>>('GET', `/events?${query}`, undefined, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last, pages) => (pages.length * pageSize >= maxEvents ? null : last.next),
    placeholderData: keepPreviousData,
  });
}

/** All types, so that those that are not chosen can be. */
export function useEventCounts(ask: Omit<EventAsk, 'type'>, isFollowed: boolean) {
  return useQuery({
    queryKey: ['event-counts', ask],
    queryFn: ({ signal }) =>
      request<EventCountsJson>(
        'GET',
        `/events/counts?${parametersOf({ ...ask, type: '' }, { bars: String(bars) })}`,
        undefined,
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: isFollowed ? countEveryMs : false,
    retry: false,
  });
}

export function useEventValues(ask: EventAsk, field: string | null) {
  return useQuery({
    queryKey: ['event-values', ask, field],
    queryFn: ({ signal }) =>
      request<EventValuesJson>(
        'GET',
        `/events/values?${parametersOf(ask, { field: field ?? '', limit: '10' })}`,
        undefined,
        signal,
      ),
    enabled: field !== null,
    retry: false,
  });
}
