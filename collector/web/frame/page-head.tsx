import type { ReactNode } from 'react';

interface PageHeadProps {
  readonly title: ReactNode;
  /** Beside the title: what it is of, a state, a figure. */
  readonly children?: ReactNode;
  /** At the end: what can be done. */
  readonly actions?: ReactNode;
}

/** The first line of every page. */
export function PageHead({ title, children, actions }: PageHeadProps) {
  return (
    <header className="page-head">
      <h1>{title}</h1>
      {children}
      {actions !== undefined && <div className="page-actions">{actions}</div>}
    </header>
  );
}
