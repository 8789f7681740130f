import { useRef } from 'react';

interface SelectionProps {
  readonly keys: readonly string[];
  readonly selected: ReadonlySet<string> | undefined;
  readonly onSelect: ((selected: ReadonlySet<string>) => void) | undefined;
}

/** Selects rows one by one, or from the one selected last up to another. */
export function useSelection({ keys, selected, onSelect }: SelectionProps) {
  const anchor = useRef(-1);
  const toggle = (row: number, isRange: boolean) => {
    const key = keys[row];
    if (onSelect === undefined || selected === undefined || key === undefined) return;
    const next = new Set(selected);
    if (isRange && anchor.current >= 0) {
      const [from, to] = [Math.min(anchor.current, row), Math.max(anchor.current, row)];
      for (const one of keys.slice(from, to + 1)) next.add(one);
    } else if (!next.delete(key)) next.add(key);
    anchor.current = row;
    onSelect(next);
  };
  return {
    canSelect: onSelect !== undefined,
    toggle,
    /** From the row the keyboard is on to the one it goes to. */
    extend(from: number, to: number) {
      if (anchor.current < 0) anchor.current = from;
      toggle(Math.max(0, Math.min(keys.length - 1, to)), true);
    },
  };
}
