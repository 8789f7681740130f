/** A choice of the user that is remembered in this browser. */
import { useSyncExternalStore } from 'react';

export interface Preference<V extends string> {
  get(): V;
  set(value: V): void;
  use(): V;
}

/** The first of `values` holds until another is chosen. */
export function preference<const V extends string>(
  name: string,
  values: readonly [V, ...V[]],
): Preference<V> {
  return kept(name, (value) => values.find((one) => one === value) ?? values[0]);
}

/** Any text that is valid; `usual` holds until another is chosen. */
export function openPreference(
  name: string,
  usual: string,
  isValid: (value: string) => boolean,
): Preference<string> {
  return kept(name, (value) => (value !== null && isValid(value) ? value : usual));
}

function kept<V extends string>(name: string, valid: (value: string | null) => V): Preference<V> {
  const key = `vedette.${name}`;
  const watchers = new Set<() => void>();
  let current = valid(read(key));
  const subscribe = (watcher: () => void) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  };
  const get = () => current;
  return {
    get,
    set(value) {
      current = value;
      try {
        localStorage.setItem(key, value);
      } catch {
        // A browser that keeps nothing still shows the choice until the page is left.
      }
      for (const watcher of watchers) watcher();
    },
    use: () => useSyncExternalStore(subscribe, get),
  };
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
