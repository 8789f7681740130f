import { useState } from 'react';
import type { RetentionPreviewJson } from '../../api/resources/retention.ts';
import { Dialog } from '../frame/dialog.tsx';
import { figure, sizeOf } from '../text/figures.ts';
import { Exact } from '../time/instant.tsx';
import { Refusal } from './refusal.tsx';

const word = 'delete';

interface ConfirmRetentionProps {
  readonly preview: RetentionPreviewJson;
  readonly confirm: () => Promise<unknown>;
  readonly close: () => void;
}

/** Names what shorter retention deletes, and asks for a word where that is anything. */
export function ConfirmRetention({ preview, confirm, close }: ConfirmRetentionProps) {
  const { events, segments, sizeBytes, eventsByType, keptSince } = preview.goes;
  const [written, setWritten] = useState('');
  const [error, setError] = useState<unknown>(null);
  const isSure = events === 0 || written.trim().toLowerCase() === word;
  const act = () => {
    setError(null);
    confirm().then(close, setError);
  };
  return (
    <Dialog title="Keep events for less long" onClose={close}>
      <div className="form">
        {events === 0 ? (
          <p>Nothing that is stored goes now. From now on events go sooner than before.</p>
        ) : (
          <>
            <p>
              <strong>{figure(events)} events</strong> in {figure(segments)} files, {sizeOf(sizeBytes)}, are
              deleted within a minute, for good.{' '}
              {keptSince === null ? (
                'Nothing that is sealed stays.'
              ) : (
                <>
                  What stays begins <Exact at={keptSince} />.
                </>
              )}
            </p>
            <ul className="lines">
              {Object.entries(eventsByType)
                .sort(([, a], [, b]) => b - a)
                .map(([type, count]) => (
                  <li key={type}>
                    {type}: {figure(count)}
                  </li>
                ))}
            </ul>
            <label>
              Write “{word}” to go on
              <input
                autoComplete="off"
                value={written}
                onChange={(event) => setWritten(event.target.value)}
              />
            </label>
          </>
        )}
        <Refusal error={error} />
        <div className="form-end">
          <button type="button" className="button" data-first-focus onClick={close}>
            Cancel
          </button>
          <button type="button" className="button danger" disabled={!isSure} onClick={act}>
            {events === 0 ? 'Keep for less long' : `Delete ${figure(events)} events`}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
