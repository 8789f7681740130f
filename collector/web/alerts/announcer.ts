/** Says new alerts to screen readers, not more than one every few seconds. */
import { useSyncExternalStore } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import { throttle } from '../data/throttle.ts';
import { visibleText } from '../text/control-characters.ts';

const watchers = new Set<() => void>();
let waiting: AlertJson[] = [];
let words = '';

const speak = throttle(() => {
  const newest = waiting.at(-1);
  if (newest === undefined) return;
  const more = waiting.length > 1 ? ` and ${waiting.length - 1} more` : '';
  words = `New ${newest.level} alert: ${visibleText(newest.ruleTitle)} on ${visibleText(newest.hostName)}${more}.`;
  waiting = [];
  for (const watcher of watchers) watcher();
}, 4_000);

export function announce(alert: AlertJson): void {
  waiting.push(alert);
  speak();
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function useAnnouncement(): string {
  return useSyncExternalStore(subscribe, () => words);
}
