import { explain } from '../data/request.ts';

/** What went wrong in one section, and what to do. */
export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const { what, action } = explain(error);
  return (
    <div className="notice bad" role="alert">
      <span>
        <strong>{what}</strong> {action}
      </span>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** What to show where there is nothing yet. */
export function Empty({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}
