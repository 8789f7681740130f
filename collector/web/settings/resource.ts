/** Lists and changes of the settings, each over one operation of the API. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { request } from '../data/request.ts';

export function useResource<T>(path: string) {
  return useQuery({ queryKey: ['settings', path], queryFn: () => request<T>('GET', path) });
}

/** A change after which everything of the settings is read anew. */
export function useChange<V = void, T = unknown>(change: (value: V) => Promise<T>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['settings'] }),
  });
}
