import type { Column } from '@tanstack/react-table';
import { useId } from 'react';
import { Icon } from '../frame/icon.tsx';
import type { Features } from './definitions.ts';

interface ColumnChoiceProps<R extends object> {
  readonly columns: readonly Column<Features, R>[];
  readonly titleOf: (id: string) => string;
  readonly reset: () => void;
}

/** Which columns are shown. */
export function ColumnChoice<R extends object>({ columns, titleOf, reset }: ColumnChoiceProps<R>) {
  const id = useId();
  const shown = columns.filter((column) => column.getIsVisible()).length;
  return (
    <span className="column-choice">
      <button type="button" className="button quiet icon" popoverTarget={id} aria-label="Choose columns">
        <Icon name="columns" size={14} />
      </button>
      <div className="column-menu" popover="auto" id={id}>
        <fieldset>
          <legend>Columns</legend>
          {columns.map((column) => (
            <label key={column.id}>
              <input
                type="checkbox"
                checked={column.getIsVisible()}
                disabled={shown === 1 && column.getIsVisible()}
                onChange={() => column.toggleVisibility()}
              />
              {titleOf(column.id)}
            </label>
          ))}
        </fieldset>
        <button type="button" className="button" onClick={reset}>
          As they were
        </button>
      </div>
    </span>
  );
}
