import { Dialog } from '../frame/dialog.tsx';
import { Code } from '../text/visible.tsx';
import { cellText, type GridColumn, type GridRow } from './cells.ts';

interface RowDialogProps {
  readonly columns: readonly GridColumn[];
  readonly row: GridRow;
  readonly close: () => void;
}

/** One row, every value of it whole. */
export function RowDialog({ columns, row, close }: RowDialogProps) {
  return (
    <Dialog title="Row" onClose={close} className="wide">
      <dl className="fields">
        {columns.map(({ id, name }, i) => (
          <div key={id}>
            <dt>
              <Code text={name} wrap />
            </dt>
            <dd>
              <Code text={cellText(row[i])} wrap />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
