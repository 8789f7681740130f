import type { AlertJson } from '../../api/json/alert.ts';

export interface Held {
  readonly shown: readonly AlertJson[];
  /** How many came that are not shown yet. */
  readonly fresh: number;
}

const isNewer = (a: AlertJson, b: AlertJson) =>
  a.raisedAt > b.raisedAt || (a.raisedAt === b.raisedAt && a.id > b.id);

/**
 * The list as it stays while somebody reads it: what is shown keeps its place as it now stands, also where it would not be
 * in the list any more; what came meanwhile is only counted; what is older is added at the end. `latest` knows an alert that
 * left the list; `isReleased` holds of those somebody here is done with.
 */
export function heldList(
  shown: readonly AlertJson[],
  live: readonly AlertJson[],
  latest: (id: string) => AlertJson | undefined,
  isReleased: (id: string) => boolean,
): Held {
  const byId = new Map(live.map((alert) => [alert.id, alert]));
  const kept = shown.flatMap((alert) => {
    const now = byId.get(alert.id);
    if (now !== undefined) return [now];
    return isReleased(alert.id) ? [] : [latest(alert.id) ?? alert];
  });
  const ids = new Set(shown.map(({ id }) => id));
  const last = shown.at(-1);
  const unseen = live.filter(({ id }) => !ids.has(id));
  if (last === undefined) return { shown: unseen, fresh: 0 };
  const isOlder = (alert: AlertJson) => !isNewer(alert, last);
  // What somebody here brought back belongs where it was.
  const back = unseen.filter((alert) => !isOlder(alert) && isReleased(alert.id));
  const older = unseen.filter(isOlder);
  const placed = back.length === 0 ? kept : [...kept, ...back].sort((a, b) => (isNewer(a, b) ? -1 : 1));
  return { shown: [...placed, ...older], fresh: unseen.length - older.length - back.length };
}

/** Whether two lists show the same in the same order. */
export function isSame(a: readonly AlertJson[], b: readonly AlertJson[]): boolean {
  return a.length === b.length && a.every((alert, i) => alert === b[i]);
}
