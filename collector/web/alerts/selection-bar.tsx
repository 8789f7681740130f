import type { AlertStatus } from '../../store/contract.ts';
import { figure } from '../text/figures.ts';

interface SelectionBarProps {
  readonly count: number;
  readonly mayTriage: boolean;
  readonly ask: (status: AlertStatus) => void;
  readonly clear: () => void;
}

/** What can be done with the alerts that are selected. */
export function SelectionBar({ count, mayTriage, ask, clear }: SelectionBarProps) {
  return (
    <div className="selection-bar" role="toolbar" aria-label="Selected alerts">
      <strong>{figure(count)} selected</strong>
      {mayTriage && (
        <>
          <button type="button" className="button" onClick={() => ask('acknowledged')}>
            Acknowledge
          </button>
          <button type="button" className="button" onClick={() => ask('closed')}>
            Close <kbd>c</kbd>
          </button>
        </>
      )}
      <button type="button" className="button quiet" onClick={clear}>
        Clear
      </button>
    </div>
  );
}
