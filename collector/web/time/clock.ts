/** One timer for everything on the page that shows how long ago something was. */
import { useSyncExternalStore } from 'react';

const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let nowMs = Date.now();

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const each of watchers) each();
  }, 1_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** What `read` makes of the present; the component renders again only when that changes. */
export function useClock<T extends string | number>(read: (nowMs: number) => T): T {
  return useSyncExternalStore(subscribe, () => read(nowMs));
}

const steps: readonly (readonly [limitS: number, unitS: number, unit: string])[] = [
  [60, 1, 's'],
  [3_600, 60, 'min'],
  [48 * 3_600, 3_600, 'h'],
  [Number.POSITIVE_INFINITY, 86_400, 'd'],
];

/** "now", "12 s ago", "3 min ago", "5 h ago", "9 d ago"; the clocks of host and browser may differ a little. */
export function ago(thenMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - thenMs) / 1000);
  if (seconds < -5) return 'ahead of this clock';
  if (seconds < 3) return 'now';
  const [, unitS, unit] = steps.find(([limitS]) => seconds < limitS) ?? [0, 86_400, 'd'];
  return `${Math.floor(seconds / unitS)} ${unit} ago`;
}
