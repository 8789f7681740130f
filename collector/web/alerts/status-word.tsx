import type { AlertJson } from '../../api/json/alert.ts';

const verdictWords = { 'true-positive': 'true', 'false-positive': 'false' } as const;

/** How an alert stands, and what it was found to be. */
export function AlertStatusWord({ alert: { status, verdict } }: { alert: AlertJson }) {
  return (
    <span className={`status ${status}`}>
      {status}
      {verdict !== null && <span className="muted"> · {verdictWords[verdict]}</span>}
    </span>
  );
}
