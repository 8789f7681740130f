import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

const patienceMs = 10_000;

/** What keeps the event loop alive, by kind. */
export type ActiveResources = ReadonlyMap<string, number>;

export function activeResources(): ActiveResources {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Nothing more keeps the event loop alive than `before`; pipes of a child that ended may take a few turns to close. */
export async function noHandleLeft(t: Test, before: ActiveResources): Promise<void> {
  const left = () => [...activeResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  for (const endMs = Date.now() + patienceMs; left().length > 0 && Date.now() < endMs; ) await sleep(20);
  t.same(left(), [], 'no handle is left');
}
