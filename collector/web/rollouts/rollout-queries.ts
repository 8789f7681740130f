import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { HostProgressJson, RolloutJson } from '../../api/json/rollout.ts';
import { request } from '../data/request.ts';

export interface RolloutListJson {
  readonly items: readonly RolloutJson[];
  readonly usual: {
    readonly stages: readonly string[];
    readonly soakS: number;
    readonly needsApproval: boolean;
  };
}

export interface RolloutProgressJson {
  readonly rollout: RolloutJson;
  readonly hosts: readonly HostProgressJson[];
}

/** What hosts measure is not told by the feed. */
const pollMs = 3_000;

export const isUnderWay = ({ state }: RolloutJson) => state !== 'done' && state !== 'rolled-back';

export function useRollouts() {
  return useQuery({
    queryKey: ['rollouts'],
    queryFn: () => request<RolloutListJson>('GET', '/rules/rollouts'),
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) ? pollMs : false),
  });
}

export function useRollout(id: string | undefined) {
  return useQuery({
    queryKey: ['rollouts', id],
    queryFn: () => request<RolloutProgressJson>('GET', `/rules/rollouts/${encodeURIComponent(id ?? '')}`),
    enabled: id !== undefined,
    refetchInterval: ({ state }) =>
      state.data === undefined || isUnderWay(state.data.rollout) ? pollMs : false,
  });
}

export type RolloutVerb = 'approve' | 'pause' | 'resume' | 'rollback';

export function useChangeRollout() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, verb }: { readonly id: string; readonly verb: RolloutVerb }) =>
      request<RolloutJson>(
        'POST',
        `/rules/rollouts/${encodeURIComponent(id)}/${verb}`,
        verb === 'rollback' ? {} : undefined,
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['rollouts'] }),
  });
}
