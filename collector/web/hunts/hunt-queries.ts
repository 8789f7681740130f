import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { HuntJson } from '../../api/json/hunt.ts';
import { request } from '../data/request.ts';

export function useHunts() {
  return useQuery({
    queryKey: ['hunts'],
    queryFn: () => request<{ items: readonly HuntJson[] }>('GET', '/hunts'),
  });
}

/** A hunt as somebody saves it; as PUT /hunts/:name takes it. */
export interface HuntDraft {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly sql: string;
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly default?: string }[];
}

export function useSaveHunt() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, ...hunt }: HuntDraft) =>
      request<HuntJson>('PUT', `/hunts/${encodeURIComponent(name)}`, hunt),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['hunts'] }),
  });
}

export function useRemoveHunt() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => request<void>('DELETE', `/hunts/${encodeURIComponent(name)}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['hunts'] }),
  });
}
