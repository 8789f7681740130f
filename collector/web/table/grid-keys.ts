import { useShortcuts } from '../keys/shortcuts.ts';
import type { useGridMoves } from './grid-moves.ts';
import type { useSelection } from './selection.ts';

interface GridKeys {
  readonly label: string;
  readonly moves: ReturnType<typeof useGridMoves>;
  readonly selection: ReturnType<typeof useSelection>;
  readonly open: (() => void) | undefined;
  readonly copy: () => void;
  readonly lastRow: number;
  readonly lastColumn: number;
}

/** Keys that work anywhere on the page, and those of the grid while it has the focus, which it is to be given. */
export function useGridKeys({ label, moves, selection, open, copy, lastRow, lastColumn }: GridKeys) {
  const { row } = moves.active;
  useShortcuts(label, [
    { keys: 'j', words: 'Next row', act: () => moves.by(1) },
    { keys: 'k', words: 'Row before', act: () => moves.by(-1) },
    ...(open === undefined ? [] : [{ keys: 'Enter', words: 'Open', act: open }]),
    ...(selection.canSelect
      ? [
          { keys: 'x', words: 'Select', act: () => selection.toggle(row, false) },
          { keys: 'shift+X', words: 'Select up to here', act: () => selection.toggle(row, true) },
        ]
      : []),
    { keys: 'y', words: 'Copy the cell', act: copy },
  ]);
  const step = (by: number, isRange: boolean) => {
    if (isRange && selection.canSelect) selection.extend(row, row + by);
    moves.by(by);
  };
  return (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.altKey) return;
    const { key, shiftKey } = event;
    const isWhole = event.ctrlKey || event.metaKey;
    const acts: Readonly<Record<string, (() => void) | undefined>> = isWhole
      ? {
          Home: () => moves.to(0, 0),
          End: () => moves.to(lastRow),
          c: getSelection()?.isCollapsed === false ? undefined : copy,
        }
      : {
          ArrowDown: () => step(1, shiftKey),
          ArrowUp: () => step(-1, shiftKey),
          ArrowRight: () => moves.by(0, 1),
          ArrowLeft: () => moves.by(0, -1),
          PageDown: () => moves.page(1),
          PageUp: () => moves.page(-1),
          Home: () => moves.to(row, 0),
          End: () => moves.to(row, lastColumn),
          ' ': selection.canSelect ? () => selection.toggle(row, shiftKey) : undefined,
        };
    const act = acts[key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
}
