import type { AlertJson } from '../../../api/json/alert.ts';
import { Code, Visible } from '../../text/visible.tsx';

/** Every test of the rule that held: what it asked for and what it found. */
export function Matches({ alert }: { alert: AlertJson }) {
  if (alert.matches.length === 0) return null;
  return (
    <section>
      <h4>Why it fired</h4>
      <ul className="matches">
        {alert.matches.map((match, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the matches of an alert never change.
          <li key={i}>
            <div>
              <Code text={match.field ?? 'any field'} />{' '}
              <span className="muted">
                <Visible text={match.test} />
              </span>
            </div>
            <Code text={match.value} wrap />
            <span className="selection" title="Selection of the rule">
              <Visible text={match.selection} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
