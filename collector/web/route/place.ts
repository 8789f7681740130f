/** Where the user is: the path and parameters of the address. Pages read it; `go` and `setParameters` change it. */
import { useMemo, useSyncExternalStore } from 'react';

const moved = new EventTarget();

function subscribe(watcher: () => void): () => void {
  moved.addEventListener('moved', watcher);
  addEventListener('popstate', watcher);
  return () => {
    moved.removeEventListener('moved', watcher);
    removeEventListener('popstate', watcher);
  };
}

export const usePath = () => useSyncExternalStore(subscribe, () => location.pathname);
const useSearch = () => useSyncExternalStore(subscribe, () => location.search);

/** Goes to an address of ours, as a step of the history or in place of the present one. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.pathname + location.search + location.hash) return;
  if (how === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  moved.dispatchEvent(new Event('moved'));
}

export type Parameters = Readonly<Record<string, string | null>>;

/** The present address with some parameters changed; null takes one out. */
export function addressWith(change: Parameters): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return `${location.pathname}${text === '' ? '' : `?${text}`}`;
}

/** Changes parameters of the present page; unless told otherwise without a step in the history. */
export function setParameters(change: Parameters, how: 'push' | 'replace' = 'replace'): void {
  go(addressWith(change), how);
}

/** The parameters of the address, the same object until they change. */
export function useParameters(): URLSearchParams {
  const search = useSearch();
  return useMemo(() => new URLSearchParams(search), [search]);
}

/** One parameter of the address, and how to change it; absent is ''. */
export function useParameter(name: string): readonly [string, (value: string) => void] {
  const value = useParameters().get(name) ?? '';
  const set = useMemo(() => (next: string) => setParameters({ [name]: next }), [name]);
  return [value, set];
}
