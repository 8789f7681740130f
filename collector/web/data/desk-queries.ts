import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import type { ExceptionJson } from '../../api/json/exception.ts';
import type { RolloutJson } from '../../api/json/rollout.ts';
import type { StoryJson, StoryTreeJson } from '../../api/json/story.ts';
import type { Level, Page } from '../../store/contract.ts';
import { request } from './request.ts';

const slowPollMs = 30_000;

export interface HistogramJson {
  readonly since: string;
  readonly until: string;
  readonly bucketS: number;
  readonly items: readonly ({ readonly at: string } & Readonly<Record<Level, number>>)[];
}

/** Alerts raised over so many hours up to now. */
export function useAlertHistogram(hours: number, buckets: number) {
  return useQuery({
    queryKey: ['alert-histogram', hours, buckets],
    queryFn: () => {
      const since = new Date(Date.now() - hours * 3_600_000).toISOString();
      const query = new URLSearchParams({ since, buckets: String(buckets) });
      return request<HistogramJson>('GET', `/alert-histogram?${query}`);
    },
    refetchInterval: slowPollMs,
    placeholderData: keepPreviousData,
  });
}

export function useStories() {
  return useInfiniteQuery({
    queryKey: ['stories'],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: '100', minAlerts: '1' });
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<Page<StoryJson>>('GET', `/stories?${query}`);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    refetchInterval: slowPollMs,
  });
}

export interface StoryDetailJson {
  readonly story: StoryJson;
  readonly alerts: readonly AlertJson[];
  readonly tree: StoryTreeJson;
}

export function useStory(id: string) {
  return useQuery({
    queryKey: ['story', id],
    queryFn: () => request<StoryDetailJson>('GET', `/stories/${encodeURIComponent(id)}`),
    refetchInterval: slowPollMs,
  });
}

export function useExceptions() {
  return useQuery({
    queryKey: ['exceptions'],
    queryFn: () => request<{ items: readonly ExceptionJson[] }>('GET', '/exceptions'),
    refetchInterval: slowPollMs,
  });
}

export function useRollouts() {
  return useQuery({
    queryKey: ['rollouts'],
    queryFn: () => request<{ items: readonly RolloutJson[] }>('GET', '/rules/rollouts'),
    refetchInterval: slowPollMs,
  });
}
