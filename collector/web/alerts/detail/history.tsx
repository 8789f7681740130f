import type { AlertJson } from '../../../api/json/alert.ts';
import { figure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';
import { Exact } from '../../time/instant.tsx';

interface Step {
  readonly at: string;
  readonly words: React.ReactNode;
}

function stepsOf(alert: AlertJson): readonly Step[] {
  const { firstEventAt, lastEventAt, raisedAt, changedAt, changedBy, status, count, verdict } = alert;
  const steps: Step[] = [
    { at: firstEventAt, words: 'The first event happened' },
    { at: raisedAt, words: 'The alert was raised' },
  ];
  if (lastEventAt !== firstEventAt)
    steps.push({ at: lastEventAt, words: `The last of ${figure(count)} events happened` });
  if (changedAt !== null) {
    const by = <Visible text={changedBy ?? 'somebody'} />;
    const found = verdict === null ? '' : `, found a ${verdict.replace('-', ' ')}`;
    steps.push({
      at: changedAt,
      words: (
        <>
          {status === 'open' ? 'Reopened' : status === 'closed' ? 'Closed' : 'Acknowledged'} by {by}
          {found}
        </>
      ),
    });
  }
  return steps.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** What became of the alert, in the order of time. */
export function History({ alert }: { alert: AlertJson }) {
  return (
    <section>
      <h3>Timeline</h3>
      <ol className="steps">
        {stepsOf(alert).map(({ at, words }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two steps may be of one instant.
          <li key={i}>
            <span className="muted">
              <Exact at={at} />
            </span>{' '}
            {words}
          </li>
        ))}
      </ol>
    </section>
  );
}
