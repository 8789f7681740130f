import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import type { EventJson } from '../../api/json/event.ts';
import type { HostJson } from '../../api/json/host.ts';
import type { StatusJson } from '../../api/json/status.ts';
import type { TreeJson } from '../../api/json/tree.ts';
import type { AlertStatus, Level, Page } from '../../store/contract.ts';
import { type AlertFilters, requestOf } from '../alerts/filters.ts';
import { request } from './request.ts';

/** What the feed does not tell of is asked for this often. */
const slowPollMs = 15_000;
const pageSize = 50;
const alertPageSize = 100;

export interface AlertCounts {
  readonly byStatus: Readonly<Record<AlertStatus, number>>;
  readonly openByLevel: Readonly<Record<Level, number>>;
}

export interface EventFilters {
  readonly type: string;
  /** As the user wrote it, and readable. */
  readonly filter: string;
}

export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: () => request<StatusJson>('GET', '/status'),
    refetchInterval: slowPollMs,
  });
}

export function useAlertCounts() {
  return useQuery({
    queryKey: ['alert-counts'],
    queryFn: () => request<AlertCounts>('GET', '/alert-counts'),
    refetchInterval: slowPollMs,
  });
}

export function useHosts() {
  return useQuery({
    queryKey: ['hosts'],
    queryFn: () => request<{ items: readonly HostJson[] }>('GET', '/hosts'),
    refetchInterval: slowPollMs,
  });
}

export function useAlerts(filters: AlertFilters) {
  return useInfiniteQuery({
    queryKey: ['alerts', filters],
    queryFn: ({ pageParam }) => {
      const query = requestOf(filters, Date.now());
      query.set('limit', String(alertPageSize));
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<Page<AlertJson>>('GET', `/alerts?${query}`);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

/** The first few of a filter, for a glance; beside another list. */
export function useAlertsOf(key: string, filters: AlertFilters, limit: number) {
  return useQuery({
    queryKey: ['similar', key, filters, limit],
    queryFn: () => {
      const query = requestOf(filters, Date.now());
      query.set('limit', String(limit));
      return request<Page<AlertJson>>('GET', `/alerts?${query}`);
    },
  });
}

export function useAlert(id: string | null) {
  return useQuery({
    queryKey: ['alert', id],
    queryFn: () => request<AlertJson>('GET', `/alerts/${encodeURIComponent(id ?? '')}`),
    enabled: id !== null,
  });
}

export function useEvents(filters: EventFilters) {
  return useInfiniteQuery({
    queryKey: ['events', filters],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (filters.type !== '') query.set('type', filters.type);
      if (filters.filter !== '') query.set('filter', filters.filter);
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<Page<EventJson>>('GET', `/events?${query}`);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

export interface EventTypeJson {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly { readonly name: string; readonly type: string; readonly doc: string }[];
}

export function useEventTypes() {
  return useQuery({
    queryKey: ['event-types'],
    queryFn: () => request<{ items: readonly EventTypeJson[] }>('GET', '/event-types'),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface RulesJson {
  readonly rules: readonly {
    readonly id: string;
    readonly title: string;
    readonly level: Level;
    readonly tags: readonly string[];
  }[];
  readonly bundle: { readonly version: number; readonly at: string } | null;
}

/** The rules in force. */
export function useRules() {
  return useQuery({
    queryKey: ['rules'],
    queryFn: () => request<RulesJson>('GET', '/rules'),
    staleTime: 60_000,
  });
}

function isSameTree(before: unknown, asked: URLSearchParams): boolean {
  const was = new URLSearchParams(String(before ?? ''));
  return ['alert', 'entity', 'host', 'at', 'pid'].every((name) => was.get(name) === asked.get(name));
}

/** The tree of a process; `asked` are parameters of /tree. */
export function useTree(asked: URLSearchParams) {
  return useQuery({
    queryKey: ['tree', asked.toString()],
    queryFn: () => request<TreeJson>('GET', `/tree?${asked}`),
    enabled: asked.size > 0,
    // The first part of a tree stays while more of it is loaded.
    placeholderData: (before, query) => (isSameTree(query?.queryKey[1], asked) ? before : undefined),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The newest health event of each host in the last hour: the modes of its sensors, and how fresh what it sends is. */
export function useHealth() {
  return useQuery({
    queryKey: ['health'],
    queryFn: async () => {
      const since = new Date(Date.now() - 3_600_000).toISOString();
      const query = new URLSearchParams({ type: 'host.health', limit: '1000', since });
      const { items } = await request<Page<EventJson>>('GET', `/events?${query}`);
      return new Map(items.toReversed().map((event) => [event['host.id'], event]));
    },
    refetchInterval: slowPollMs,
  });
}
