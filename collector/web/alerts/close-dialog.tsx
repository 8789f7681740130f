import { useState } from 'react';
import type { AlertStatus, AlertVerdict } from '../../store/contract.ts';
import { Dialog } from '../frame/dialog.tsx';
import { figure } from '../text/figures.ts';

interface CloseDialogProps {
  /** How many alerts it is about. */
  readonly alerts: number;
  readonly status: AlertStatus;
  readonly onDone: (note: string, verdict: AlertVerdict | undefined) => void;
  readonly onClose: () => void;
}

/** Asks what alerts were found to be, and for a note, before they are closed or acknowledged together. */
export function CloseDialog({ alerts, status, onDone, onClose }: CloseDialogProps) {
  const [note, setNote] = useState('');
  const [verdict, setVerdict] = useState<AlertVerdict | ''>('');
  const what = alerts === 1 ? 'this alert' : `${figure(alerts)} alerts`;
  const verb = status === 'closed' ? 'Close' : 'Acknowledge';
  return (
    <Dialog title={`${verb} ${what}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onDone(note, verdict === '' ? undefined : verdict);
        }}
      >
        <label>
          Found to be
          <select
            data-first-focus
            value={verdict}
            onChange={(event) => setVerdict(event.target.value as AlertVerdict | '')}
          >
            <option value="">Not said</option>
            <option value="true-positive">True positive: it was what the rule says</option>
            <option value="false-positive">False positive: it was not</option>
          </select>
        </label>
        <label>
          Note
          <textarea
            rows={3}
            maxLength={4096}
            value={note}
            placeholder="For whoever looks at this later"
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary">
            {verb} {what}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
