import { lazy, Suspense, useMemo, useState } from 'react';
import { ApiProblem } from '../data/request.ts';
import { problemOfStatement } from '../editor/problem.ts';
import { PageHead } from '../frame/page-head.tsx';
import type { GridRow } from '../grid/cells.ts';
import { ResultGrid } from '../grid/result-grid.tsx';
import { RowDialog } from '../grid/row-dialog.tsx';
import { Progress } from '../hunts/hunt-result.tsx';
import { setParameters, useParameter } from '../route/place.ts';
import { Empty } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { RefusalNotice } from '../text/refusal-notice.tsx';
import { HostAnswers } from './host-answers.tsx';
import { HostChoice } from './host-choice.tsx';
import { hostsOf } from './hosts-of.ts';
import { QuerySchedules } from './query-schedules.tsx';
import { ReadyQueries } from './ready-queries.tsx';
import { type LiveQueryRun, useLiveQuery } from './use-live-query.ts';

const HostSqlEditor = lazy(() => import('../editor/host-sql-editor.tsx'));

const firstSql = `SELECT p.name, l.port, l.protocol, l.address
FROM listening_ports l
JOIN processes p USING (pid)
ORDER BY l.port`;
const timeoutMs = 30_000;

/** SQL to hosts, about now. */
export default function LiveQueryPage() {
  const [linked] = useParameter('sql');
  const [hosts, setHosts] = useParameter('hosts');
  const [sql, setSql] = useState(linked || firstSql);
  const { run, start, cancel } = useLiveQuery();
  const change = (text: string) => {
    setSql(text);
    setParameters({ sql: text });
  };
  const ask = () => start({ sql, hosts: hostsOf(hosts), timeoutMs });
  const problems = useMemo(
    () => (run?.error instanceof ApiProblem ? [problemOfStatement(run.error.problem.detail)] : []),
    [run?.error],
  );
  return (
    <>
      <PageHead title="Live query">
        <p className="muted">Asked of hosts, answered from what is there now</p>
      </PageHead>
      <div className="with-rail">
        <ReadyQueries choose={change} />
        <div className="stack">
          <section className="panel" aria-labelledby="query-title">
            <div className="panel-head">
              <h2 id="query-title">Statement</h2>
              <HostChoice text={hosts} change={setHosts} />
            </div>
            <div className="editor-box">
              <Suspense fallback={<div className="editor-wait" />}>
                <HostSqlEditor
                  label="SQL"
                  text={sql}
                  change={change}
                  problems={problems}
                  run={ask}
                  lines={{ least: 6, most: 18 }}
                />
              </Suspense>
            </div>
            <div className="actions">
              {run?.state === 'running' ? (
                <button type="button" className="button" onClick={cancel}>
                  Cancel
                </button>
              ) : (
                <button type="button" className="button primary" onClick={ask}>
                  Ask <kbd>Ctrl ↵</kbd>
                </button>
              )}
              <span className="muted">Every query is in the audit log before it is sent.</span>
            </div>
          </section>
          {run !== null && <Answer run={run} />}
          <QuerySchedules sql={sql} hosts={hostsOf(hosts)} />
        </div>
      </div>
    </>
  );
}

function Answer({ run }: { run: LiveQueryRun }) {
  const { state, columns, rows, cut, error, hosts, answers } = run;
  const [row, setRow] = useState<GridRow | null>(null);
  const percent = hosts === 0 ? null : (answers.length / hosts) * 100;
  return (
    <section className="panel" aria-labelledby="answer-title">
      <div className="panel-head">
        <h2 id="answer-title">Answer</h2>
        <p className="muted" role="status">
          {figure(rows.length)} {rows.length === 1 ? 'row' : 'rows'}
          {state === 'running' && ' so far'}
          {state === 'canceled' && ' until it was cancelled'}
          {cut > 0 && <strong>; {figure(cut)} left out for a bound</strong>}
        </p>
      </div>
      {state === 'running' && <Progress percent={percent} />}
      {state === 'failed' && <RefusalNotice error={error} />}
      {state !== 'failed' && <HostAnswers run={run} />}
      {state === 'done' && rows.length === 0 && (
        <Empty title="No rows">The hosts that answered have none.</Empty>
      )}
      {rows.length > 0 && <ResultGrid label="Rows of hosts" columns={columns} rows={rows} open={setRow} />}
      {row !== null && <RowDialog columns={columns} row={row} close={() => setRow(null)} />}
    </section>
  );
}
