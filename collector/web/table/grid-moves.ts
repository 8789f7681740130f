import { useCallback, useEffect, useRef, useState } from 'react';

/** Where the keyboard is. */
export interface ActiveCell {
  readonly row: number;
  readonly column: number;
}

interface Place extends ActiveCell {
  readonly key: string;
}

interface MovesProps {
  /** The row the keyboard is on at first. */
  readonly startKey: string | null | undefined;
  readonly keys: readonly string[];
  readonly columns: number;
  readonly scrollTo: (row: number) => void;
  /** Rows on one screen. */
  readonly pageRows: () => number;
}

/**
 * The row and column the keyboard is on. It stays with its row when others come or go; where its row went, the one that
 * took its place is active.
 */
export function useGridMoves({ startKey, keys, columns, scrollTo, pageRows }: MovesProps) {
  const [place, setPlace] = useState<Place | undefined>(() =>
    startKey == null ? undefined : { key: startKey, row: -1, column: 0 },
  );
  const found =
    place === undefined ? -1 : keys[place.row] === place.key ? place.row : keys.indexOf(place.key);
  const row = place === undefined ? -1 : found >= 0 ? found : Math.min(place.row, keys.length - 1);
  const active: ActiveCell = { row, column: Math.min(place?.column ?? 0, Math.max(0, columns - 1)) };
  const latest = useRef({ keys, columns, active, scrollTo, pageRows });
  latest.current = { keys, columns, active, scrollTo, pageRows };
  const to = useCallback((nextRow: number, nextColumn?: number) => {
    const now = latest.current;
    if (now.keys.length === 0) return;
    const at = Math.max(0, Math.min(now.keys.length - 1, nextRow));
    const column = Math.max(0, Math.min(now.columns - 1, nextColumn ?? now.active.column));
    setPlace({ key: now.keys[at] ?? '', row: at, column });
    now.scrollTo(at);
  }, []);
  const by = useCallback(
    (rows: number, cells = 0) => {
      const { active: now } = latest.current;
      const isFirst = now.row < 0;
      to(isFirst ? 0 : now.row + rows, now.column + (isFirst ? 0 : cells));
    },
    [to],
  );
  const page = useCallback(
    (screens: number) => by(screens * Math.max(1, latest.current.pageRows() - 1)),
    [by],
  );
  useEffect(() => {
    // The row that took the place of one that went is where the keyboard is from now on.
    const key = keys[row];
    if (place !== undefined && key !== undefined && (key !== place.key || row !== place.row))
      setPlace({ ...place, key, row });
  }, [keys, row, place]);
  return { active, to, by, page };
}
