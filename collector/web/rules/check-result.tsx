import type { RuleCheck } from '../../store/contract.ts';
import { Code, Visible } from '../text/visible.tsx';

/** What is wrong with a rule, what it means, and what its tests came to. */
export function CheckResult({ check: { problems, cases, words } }: { check: RuleCheck }) {
  const failed = cases.filter(({ passed }) => !passed).length;
  return (
    <div aria-live="polite">
      <h2>Check</h2>
      {problems.length === 0 ? (
        <p className="check-good">Nothing is wrong with it.</p>
      ) : (
        <ul className="problems">
          {problems.map((problem) => (
            <li key={JSON.stringify(problem)} className={problem.severity}>
              <strong>
                {problem.file}:{problem.line}
              </strong>{' '}
              <Visible text={problem.message} /> <span className="muted">{problem.action}</span>
            </li>
          ))}
        </ul>
      )}
      <h2>Tests</h2>
      {cases.length === 0 ? (
        <p className="muted">There are none. Add events that must hit and near-misses that must not.</p>
      ) : (
        <p className={failed === 0 ? 'check-good' : 'check-bad'}>
          {cases.length - failed} of {cases.length} passed
        </p>
      )}
      <ul className="problems">
        {cases.map(({ name, expect, passed, detail }) => (
          <li key={`${expect} ${name} ${detail}`} className={passed ? 'passed' : 'error'}>
            <strong>
              {passed ? '✓' : '✗'} {expect}
            </strong>{' '}
            <Visible text={name} />
            {!passed && <Code text={detail} wrap />}
          </li>
        ))}
      </ul>
      {words.length > 0 && (
        <>
          <h2>In words</h2>
          <ul className="rule-words">
            {words.map((line) => (
              <li key={line}>
                <Visible text={line} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
