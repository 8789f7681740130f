import { lazy, Suspense, useDeferredValue, useMemo, useState } from 'react';
import type { BacktestReportJson } from '../../api/json/backtest.ts';
import type { RuleCheck } from '../../store/contract.ts';
import { useRuleCheck } from '../data/rule-queries.ts';
import { useSettled } from '../data/settled.ts';
import type { EditorProblem } from '../editor/problem.ts';
import { useMay } from '../session/caller.ts';
import { Failure } from '../text/failure.tsx';
import { BacktestPanel } from './backtest-panel.tsx';
import { CheckResult } from './check-result.tsx';
import { Difference } from './difference.tsx';
import { PushDialog } from './push-dialog.tsx';

const RuleEditor = lazy(() => import('../editor/rule-editor.tsx'));

interface WorkbenchProps {
  readonly file: string;
  readonly text: string;
  /** Null where they are not known. */
  readonly tests: string | null;
  readonly isNew?: boolean;
}

/** Problems of one of the two texts, which the check names `rule.yml` and `rule.test.yml`. */
function problemsIn(check: RuleCheck | undefined, file: string): readonly EditorProblem[] {
  return (check?.problems ?? [])
    .filter((problem) => problem.file === file)
    .map(({ line, column, severity, message }) => ({ line, column, severity, message }));
}

/** Where a rule is written: checked at each pause, tested, run over what is stored, and pushed. */
export function Workbench({ file, text: first, tests: firstTests, isNew = false }: WorkbenchProps) {
  const [text, setText] = useState(first);
  const [tests, setTests] = useState(firstTests ?? '');
  const [report, setReport] = useState<BacktestReportJson | null>(null);
  const [isPushing, setPushing] = useState(false);
  const mayPush = useMay('rules');
  const check = useRuleCheck(useSettled(useDeferredValue(text)), useSettled(useDeferredValue(tests)));
  const ruleProblems = useMemo(() => problemsIn(check.data, 'rule.yml'), [check.data]);
  const testProblems = useMemo(() => problemsIn(check.data, 'rule.test.yml'), [check.data]);
  const isChanged = isNew || text !== first || tests !== (firstTests ?? '');
  return (
    <div className="workbench-page">
      <div className="stack">
        <section className="panel" aria-labelledby="text-title">
          <div className="panel-head">
            <h2 id="text-title">Rule</h2>
            {isChanged && !isNew && <span className="tag">changed</span>}
            <div className="push-end row-actions">
              {isChanged && !isNew && (
                <button
                  type="button"
                  className="button quiet"
                  onClick={() => {
                    setText(first);
                    setTests(firstTests ?? '');
                  }}
                >
                  Undo all
                </button>
              )}
              {mayPush && (
                <button
                  type="button"
                  className="button primary"
                  disabled={!isChanged}
                  onClick={() => setPushing(true)}
                >
                  Push…
                </button>
              )}
            </div>
          </div>
          <Suspense fallback={<div className="editor-wait" />}>
            <div className="editor-box">
              <RuleEditor
                label="Rule"
                text={text}
                change={setText}
                problems={ruleProblems}
                lines={{ least: 12, most: 34 }}
              />
            </div>
            <h3 className="editor-title">Tests</h3>
            <div className="editor-box last">
              <RuleEditor
                label="Tests"
                text={tests}
                change={setTests}
                problems={testProblems}
                lines={{ least: 6, most: 24 }}
                {...(firstTests === null && { hint: 'cases:' })}
              />
            </div>
          </Suspense>
        </section>
        <Difference before={first} after={text} title="What changes in the rule" />
        <Difference before={firstTests ?? ''} after={tests} title="What changes in its tests" />
      </div>
      <div className="stack">
        <section className="panel workbench-side" aria-label="What is found of it">
          {check.error !== null && <Failure error={check.error} retry={() => void check.refetch()} />}
          {check.data !== undefined && <CheckResult check={check.data} />}
        </section>
        <section className="panel workbench-side" aria-label="Backtest">
          <BacktestPanel file={file} text={text} reported={setReport} />
        </section>
      </div>
      {isPushing && (
        <PushDialog
          edit={{ text, ...(tests !== (firstTests ?? '') || isNew ? { tests } : {}) }}
          check={check.data}
          report={report}
          close={() => setPushing(false)}
        />
      )}
    </div>
  );
}
