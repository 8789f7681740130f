import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import { useAlerts } from '../data/queries.ts';
import type { AlertFilters } from './filters.ts';
import { heldList, isSame } from './held.ts';

const none: readonly AlertJson[] = [];

/**
 * The alerts of a filter. While `isReading`, what arrives is counted and moves nothing, until `takeFresh`. The one that is
 * open keeps its place even where it was dealt with.
 */
export function useQueue(filters: AlertFilters, isReading: boolean, openId: string | null) {
  const list = useAlerts(filters);
  const queries = useQueryClient();
  const live = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? none, [list.data]);
  const [held, setHeld] = useState<{
    readonly filters: AlertFilters;
    readonly shown: readonly AlertJson[];
  }>();
  const released = useRef(new Set<string>());
  const latest = (id: string) => queries.getQueryData<AlertJson>(['alert', id]);
  const isHeld = isReading && held?.filters === filters && !list.isPlaceholderData;
  const { shown, fresh } = isHeld
    ? heldList(held.shown, live, latest, (id) => id !== openId && released.current.has(id))
    : { shown: live, fresh: 0 };
  // What is shown is remembered at once, so that the next render goes on from it.
  if (held?.filters !== filters || !isSame(held.shown, shown)) setHeld({ filters, shown });
  const release = useCallback((ids: readonly string[]) => {
    for (const id of ids) released.current.add(id);
  }, []);
  const takeFresh = useCallback(() => setHeld({ filters, shown: live }), [filters, live]);
  return {
    list,
    alerts: held?.filters === filters && isSame(held.shown, shown) ? held.shown : shown,
    fresh,
    release,
    takeFresh,
  };
}
