import { lazy, Suspense, useMemo, useState } from 'react';
import type { GridRow } from '../grid/cells.ts';
import { chartOf } from '../grid/chart-series.ts';
import { ResultGrid } from '../grid/result-grid.tsx';
import { RowDialog } from '../grid/row-dialog.tsx';
import { Empty } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { RefusalNotice } from '../text/refusal-notice.tsx';
import type { HuntRun } from './use-hunt-run.ts';

const ResultChart = lazy(() => import('../grid/result-chart.tsx'));

/** What a hunt has found so far, as a table or drawn. */
export function HuntResult({ run }: { run: HuntRun }) {
  const { state, columns, rows, error } = run;
  const [view, setView] = useState<'table' | 'chart'>('table');
  const [row, setRow] = useState<GridRow | null>(null);
  const chart = useMemo(() => (state === 'running' ? null : chartOf(columns, rows)), [state, columns, rows]);
  const shown = chart === null ? 'table' : view;
  return (
    <section className="panel" aria-labelledby="result-title">
      <div className="panel-head">
        <h2 id="result-title">Result</h2>
        <p className="muted" role="status">
          <Words run={run} />
        </p>
        {chart !== null && (
          <fieldset className="tabs push-end" aria-label="Shown as">
            {(['table', 'chart'] as const).map((one) => (
              <button key={one} type="button" aria-pressed={shown === one} onClick={() => setView(one)}>
                {one === 'table' ? 'Table' : 'Chart'}
              </button>
            ))}
          </fieldset>
        )}
      </div>
      {state === 'running' && <Progress percent={run.percent} />}
      {state === 'failed' && <RefusalNotice error={error} />}
      {state === 'done' && rows.length === 0 && (
        <Empty title="Nothing fits">Try a longer time, or look at what the table holds.</Empty>
      )}
      {rows.length > 0 && shown === 'table' && (
        <ResultGrid label="Rows found" columns={columns} rows={rows} open={setRow} />
      )}
      {chart !== null && shown === 'chart' && (
        <Suspense fallback={<p className="muted pad">Loading…</p>}>
          <ResultChart chart={chart} />
        </Suspense>
      )}
      {row !== null && <RowDialog columns={columns} row={row} close={() => setRow(null)} />}
    </section>
  );
}

function Words({ run: { state, rows, isCut, damagedBatches, tookMs } }: { run: HuntRun }) {
  const seconds = `${(tookMs / 1000).toFixed(tookMs < 10_000 ? 2 : 0)} s`;
  const found = `${figure(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`;
  if (state === 'running') return <>Running; {found} so far</>;
  if (state === 'cancelled') return <>Cancelled; {found} until then</>;
  if (state === 'failed') return <>It failed</>;
  return (
    <>
      {found} in {seconds}
      {isCut && <strong>; there are more than the limit lets through</strong>}
      {damagedBatches > 0 && <strong>; {figure(damagedBatches)} stored batches could not be read</strong>}
    </>
  );
}

/** Shown by its width where that is known. */
export function Progress({ percent }: { percent: number | null }) {
  return percent === null ? (
    <progress className="progress" aria-label="Progress" />
  ) : (
    <progress className="progress" aria-label="Progress" max={100} value={percent} />
  );
}
