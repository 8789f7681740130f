import { useDeferredValue, useState } from 'react';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { type RuleTextJson, useRuleCheck, useRuleText } from '../data/rule-queries.ts';
import { Failure } from '../text/failure.tsx';
import { Code, Visible } from '../text/visible.tsx';
import { BacktestPanel } from './backtest-panel.tsx';
import { CheckResult } from './check-result.tsx';
import { useSettled } from './settled.ts';

/** A rule with its text and tests, what is wrong with them, and what it would have found. Nothing here is saved. */
export function RulePage({ id }: { id: string }) {
  const rule = useRuleText(id);
  if (rule.error !== null) return <Failure error={rule.error} retry={() => void rule.refetch()} />;
  if (rule.data === undefined) return <div className="blank" role="status" aria-label="Loading" />;
  return <Workbench rule={rule.data} />;
}

function Workbench({ rule }: { rule: RuleTextJson }) {
  const [text, setText] = useState(rule.text);
  const [tests, setTests] = useState(rule.tests ?? '');
  const check = useRuleCheck(useSettled(useDeferredValue(text)), useSettled(useDeferredValue(tests)));
  return (
    <section className="panel" aria-labelledby="rule-title">
      <div className="panel-head">
        <LevelBadge level={rule.level} />
        <h1 id="rule-title">
          <Visible text={rule.title} />
        </h1>
        <p className="muted rule-file">
          <Code text={rule.file} />
        </p>
      </div>
      <div className="workbench">
        <div>
          <div className="rule-text">
            <label htmlFor="rule-text">Rule</label>
            <textarea
              id="rule-text"
              value={text}
              spellCheck={false}
              rows={Math.min(40, text.split('\n').length + 2)}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
          <div className="rule-text">
            <label htmlFor="rule-tests">Tests</label>
            <textarea
              id="rule-tests"
              value={tests}
              spellCheck={false}
              rows={Math.min(30, Math.max(6, tests.split('\n').length + 1))}
              onChange={(event) => setTests(event.target.value)}
            />
          </div>
        </div>
        <div>
          {check.error !== null && <Failure error={check.error} retry={() => void check.refetch()} />}
          {check.data !== undefined && <CheckResult check={check.data} />}
          <BacktestPanel file={rule.file} text={text} />
        </div>
      </div>
    </section>
  );
}
