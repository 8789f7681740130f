// biome-ignore-all lint/a11y/useSemanticElements: rows stand where they are drawn, which those of a table element cannot.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and says which cell is active.
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid takes the keys.
import type { ReactNode } from 'react';
import { Code } from '../text/visible.tsx';
import type { TableColumn } from './column.ts';

export interface GridRowProps<R extends object> {
  readonly row: R;
  readonly index: number;
  /** Pixels from the top of all rows. */
  readonly start: number;
  /** Undefined: as high as it turns out. */
  readonly height: number | undefined;
  readonly columns: readonly TableColumn<R>[];
  readonly card: ((row: R) => ReactNode) | undefined;
  /** Column the keyboard is on; undefined on other rows. */
  readonly activeColumn: number | undefined;
  /** Undefined where rows cannot be selected. */
  readonly isSelected: boolean | undefined;
  readonly className: string;
  readonly cellId: (column: number) => string;
  readonly measure: ((element: HTMLElement | null) => void) | undefined;
  readonly onToggle: (isRange: boolean) => void;
  readonly onPress: (column: number, event: React.MouseEvent) => void;
}

/** What is pressed there takes the click itself. */
const ownClick = 'a, button, input, label, summary';

export function GridRow<R extends object>(props: GridRowProps<R>) {
  const { row, index, start, height, columns, card, activeColumn, isSelected, cellId } = props;
  const onClick = (event: React.MouseEvent) => {
    if (!(event.target instanceof Element) || event.target.closest(ownClick) !== null) return;
    if (getSelection()?.isCollapsed === false) return;
    props.onPress(Number(event.target.closest('[data-column]')?.getAttribute('data-column') ?? 0), event);
  };
  return (
    <div
      ref={props.measure}
      data-index={index}
      role="row"
      className={`grid-row ${activeColumn === undefined ? '' : 'active'} ${props.className}`}
      style={{ transform: `translateY(${start}px)`, height }}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      onClick={onClick}
    >
      {isSelected !== undefined && (
        <div role="gridcell" className="grid-cell grid-check">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={`Select row ${index + 1}`}
            checked={isSelected}
            onChange={({ nativeEvent }) =>
              props.onToggle(nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
            }
          />
        </div>
      )}
      {card === undefined ? (
        columns.map((column, i) => (
          <div
            key={column.id}
            role="gridcell"
            id={cellId(i)}
            data-column={i}
            aria-colindex={i + 1}
            className={`grid-cell ${column.align ?? ''} ${i === activeColumn ? 'active' : ''}`}
          >
            {column.cell === undefined ? <Code text={column.text(row)} /> : column.cell(row)}
          </div>
        ))
      ) : (
        <div role="gridcell" id={cellId(0)} aria-colindex={1} className="grid-card">
          {card(row)}
        </div>
      )}
    </div>
  );
}
