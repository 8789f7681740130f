import { type ReactNode, useState } from 'react';
import type { AlertJson } from '../../../api/json/alert.ts';
import type { AlertStatus, AlertVerdict } from '../../../store/contract.ts';

interface TriageProps {
  readonly alert: AlertJson;
  readonly onStatus: (status: AlertStatus, note: string, verdict?: AlertVerdict) => void;
  readonly children: ReactNode;
}

/** What somebody decides about an alert, and the note that goes with it. */
export function Triage({ alert, onStatus, children }: TriageProps) {
  const [note, setNote] = useState('');
  const decide = (status: AlertStatus, verdict?: AlertVerdict) => {
    onStatus(status, note, verdict);
    setNote('');
  };
  return (
    <div className="triage">
      <label>
        <span className="hidden-text">Note</span>
        <input
          type="text"
          value={note}
          maxLength={4096}
          placeholder="Note (optional)"
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      {note !== '' && (
        <button type="button" className="button" onClick={() => decide(alert.status)}>
          Keep note
        </button>
      )}
      {alert.status !== 'acknowledged' && (
        <button type="button" className="button primary" onClick={() => decide('acknowledged')}>
          Acknowledge <kbd>a</kbd>
        </button>
      )}
      {alert.status !== 'closed' && (
        <button type="button" className="button" onClick={() => decide('closed')}>
          Close alert <kbd>c</kbd>
        </button>
      )}
      {alert.status !== 'open' && (
        <button type="button" className="button" onClick={() => decide('open')}>
          Reopen
        </button>
      )}
      {alert.verdict !== 'true-positive' && (
        <button type="button" className="button" onClick={() => decide('closed', 'true-positive')}>
          Close as true
        </button>
      )}
      {alert.verdict !== 'false-positive' && (
        <button type="button" className="button" onClick={() => decide('closed', 'false-positive')}>
          Close as false
        </button>
      )}
      {children}
    </div>
  );
}
