import { useMemo } from 'react';
import { useParameter } from '../route/place.ts';
import type { TableSort } from './column.ts';

/** How a table is sorted, as the address says it: `sort=name` or `sort=-name` for the other way round. */
export function useSortParameter(usual: TableSort): readonly [TableSort, (sort: TableSort | null) => void] {
  const [text, set] = useParameter('sort');
  const { id, isDescending } = usual;
  return useMemo(() => {
    const sort =
      text === '' ? { id, isDescending } : { id: text.replace(/^-/, ''), isDescending: text.startsWith('-') };
    return [sort, (next) => set(next === null ? '' : `${next.isDescending ? '-' : ''}${next.id}`)] as const;
  }, [text, set, id, isDescending]);
}
