import { useAlertCounts } from '../data/queries.ts';
import { figure, shortFigure } from '../text/figures.ts';

/** How much waits on a page, beside its name in the navigation. */
export function Badge({ path }: { path: string }) {
  const open = useAlertCounts().data?.byStatus.open ?? 0;
  if (path !== '/alerts' || open === 0) return null;
  return (
    <span className="badge" title={`${figure(open)} open`}>
      {shortFigure(open)}
      <span className="hidden-text"> open</span>
    </span>
  );
}
