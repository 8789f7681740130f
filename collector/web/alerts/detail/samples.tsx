import type { AlertJson } from '../../../api/json/alert.ts';
import { figure } from '../../text/figures.ts';
import { Code } from '../../text/visible.tsx';

/** Values in which the events of an alert differ. */
export function Samples({ samples }: { samples: AlertJson['samples'] }) {
  const differing = samples.filter(({ values, others }) => values.length > 1 || others > 0);
  if (differing.length === 0) return null;
  return (
    <section>
      <h3>What differs between its events</h3>
      <ul className="matches">
        {differing.map(({ field, values, others }) => (
          <li key={field}>
            <div>
              <Code text={field} />
            </div>
            {values.map(({ value, count }) => (
              <div key={value}>
                {figure(count)} × <Code text={value} wrap />
              </div>
            ))}
            {others > 0 && <div>{figure(others)} × other values</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}
