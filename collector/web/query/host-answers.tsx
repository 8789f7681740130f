import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import type { HostAnswer, LiveQueryRun } from './use-live-query.ts';

const words: Readonly<Record<HostAnswer['state'], string>> = {
  asked: 'still to answer',
  done: 'answered',
  failed: 'failed',
  away: 'not connected',
};

/** What became of each host. */
export function HostAnswers({ run: { answers, hosts, state } }: { run: LiveQueryRun }) {
  const failed = answers.filter((answer) => answer.state === 'failed');
  const away = answers.filter((answer) => answer.state === 'away');
  const done = answers.length - failed.length - away.length;
  const waiting = state === 'running' ? Math.max(0, hosts - answers.length) : 0;
  return (
    <details className="host-answers" open={failed.length > 0}>
      <summary>
        {figure(done)} of {figure(Math.max(hosts, answers.length))} answered
        {waiting > 0 && <>, {figure(waiting)} still to answer</>}
        {away.length > 0 && <>, {figure(away.length)} not connected</>}
        {failed.length > 0 && <strong className="check-bad">, {figure(failed.length)} failed</strong>}
      </summary>
      <ul>
        {[...failed, ...answers.filter((answer) => answer.state !== 'failed')].map((answer) => (
          <li key={answer.host}>
            <strong>
              <Visible text={answer.hostName} />
            </strong>{' '}
            <span className={answer.state === 'failed' ? 'check-bad' : 'muted'}>{words[answer.state]}</span>{' '}
            {answer.state === 'done' && (
              <span className="muted">
                {figure(answer.rows)} rows in {figure(Math.round(answer.tookMs))} ms
                {answer.cut > 0 && <>, {figure(answer.cut)} left out</>}
              </span>
            )}
            {answer.state === 'failed' && (
              <>
                <code>{answer.code}</code> <Visible text={answer.detail} />
              </>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
