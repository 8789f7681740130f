import { type ReactNode, useId } from 'react';
import { Failure } from '../text/failure.tsx';

interface SectionProps {
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly query?: { readonly error: unknown; readonly isPending: boolean; readonly refetch: () => unknown };
  readonly children: ReactNode;
}

/** One panel of the settings. */
export function Section({ title, about, actions, query, children }: SectionProps) {
  const id = useId();
  return (
    <section className="panel settings-section" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div className="push-end row-actions">{actions}</div>}
      </div>
      {about !== undefined && <p className="muted pad-x">{about}</p>}
      {query?.error != null && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query?.isPending === true && <p className="muted pad">Loading…</p>}
      {children}
    </section>
  );
}
