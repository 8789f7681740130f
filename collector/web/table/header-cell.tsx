// biome-ignore-all lint/a11y/useSemanticElements: rows stand where they are drawn, which those of a table element cannot.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus.
import type { Header } from '@tanstack/react-table';
import { visibleText } from '../text/control-characters.ts';
import type { TableColumn } from './column.ts';
import type { Features } from './definitions.ts';

/** Pixels a press of an arrow key moves the edge of a column. */
const keyStep = 16;

interface HeaderCellProps<R extends object> {
  readonly header: Header<Features, R>;
  readonly column: TableColumn<R>;
  readonly index: number;
  readonly resize: (id: string, width: number) => void;
}

/** The head of a column: sorts by it, and its edge makes it wider. */
export function HeaderCell<R extends object>({ header, column, index, resize }: HeaderCellProps<R>) {
  const sorted = header.column.getIsSorted();
  const width = header.getSize();
  const title = visibleText(column.title);
  return (
    <div
      role="columnheader"
      className={`grid-head ${column.align ?? ''}`}
      aria-colindex={index + 1}
      aria-sort={sorted === false ? undefined : sorted === 'asc' ? 'ascending' : 'descending'}
    >
      {header.column.getCanSort() ? (
        <button type="button" onClick={header.column.getToggleSortingHandler()}>
          {title}
          {sorted !== false && <span aria-hidden="true">{sorted === 'asc' ? ' ↑' : ' ↓'}</span>}
        </button>
      ) : (
        <span>{title}</span>
      )}
      <div
        role="separator"
        className="grid-edge"
        aria-label={`Width of ${title}`}
        aria-orientation="vertical"
        aria-valuenow={Math.round(width)}
        tabIndex={0}
        onPointerDown={(event) => event.stopPropagation()}
        onMouseDown={header.getResizeHandler()}
        onTouchStart={header.getResizeHandler()}
        onDoubleClick={() => resize(column.id, column.width)}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -keyStep, ArrowRight: keyStep }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          resize(column.id, width + step);
        }}
      />
    </div>
  );
}
