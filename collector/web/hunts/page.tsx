import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import type { HuntJson } from '../../api/json/hunt.ts';
import { ApiProblem, explain } from '../data/request.ts';
import { problemOfStatement } from '../editor/problem.ts';
import { PageHead } from '../frame/page-head.tsx';
import { setParameters, useParameter } from '../route/place.ts';
import { useMay } from '../session/caller.ts';
import { Visible } from '../text/visible.tsx';
import { boundsOf, useSpan } from '../time/span.ts';
import { SpanPicker } from '../time/span-picker.tsx';
import { type ExportForm, exportForms, exportHunt } from './export.ts';
import { HuntLibrary } from './hunt-library.tsx';
import { useHunts, useRemoveHunt } from './hunt-queries.ts';
import { HuntResult } from './hunt-result.tsx';
import { HuntSchedules } from './hunt-schedules.tsx';
import { parametersOf, parameterValue } from './parameters.ts';
import { SaveHunt } from './save-hunt.tsx';
import { type HuntAsk, useHuntRun } from './use-hunt-run.ts';

const EventSqlEditor = lazy(() => import('../editor/event-sql-editor.tsx'));

const limits = [1_000, 10_000, 100_000];
const timeoutSeconds = 120;
const firstSql = `SELECT process.name, count(*) AS runs, count(DISTINCT host.id) AS hosts
FROM process.start
GROUP BY ALL
ORDER BY runs DESC
LIMIT 100`;

/** SQL over everything that is stored. */
export default function HuntsPage() {
  const [linked] = useParameter('sql');
  const [name] = useParameter('hunt');
  const hunt = useHunts().data?.items.find((one) => one.name === name);
  const [sql, setSql] = useState(linked || firstSql);
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [span, setSpan] = useSpan('24h');
  const [limit, setLimit] = useState(limits[1] as number);
  const { run, start, cancel } = useHuntRun();
  const parameters = useMemo(() => parametersOf(sql, hunt), [sql, hunt]);
  const choose = useCallback((chosen: HuntJson) => {
    setSql(chosen.sql);
    setValues({});
    setParameters({ hunt: chosen.name, sql: null });
  }, []);
  // A link to a hunt by its name brings its statement, once it is known.
  useEffect(() => {
    if (hunt !== undefined && linked === '') setSql(hunt.sql);
  }, [hunt, linked]);
  const change = (text: string) => {
    setSql(text);
    setParameters({ sql: text === hunt?.sql ? null : text });
  };
  const ask: HuntAsk = {
    sql,
    ...boundsOf(span),
    ...{ limit, timeoutSeconds },
    parameters: Object.fromEntries(
      parameters.map((one) => [one.name, parameterValue(one, values[one.name] ?? one.usual)]),
    ),
  };
  const problems = useMemo(
    () => (run?.error instanceof ApiProblem ? [problemOfStatement(run.error.problem.detail)] : []),
    [run?.error],
  );
  const isRunning = run?.state === 'running';
  return (
    <>
      <PageHead
        title={<Visible text={hunt?.title ?? 'Hunts'} />}
        actions={<SpanPicker span={span} change={setSpan} />}
      />
      <div className="with-rail">
        <HuntLibrary chosen={name} choose={choose} />
        <div className="stack">
          <section className="panel" aria-labelledby="hunt-title">
            <div className="panel-head">
              <h2 id="hunt-title">Statement</h2>
              <label className="inline-field">
                At most
                <select value={limit} onChange={(event) => setLimit(Number(event.target.value))}>
                  {limits.map((one) => (
                    <option key={one} value={one}>
                      {one.toLocaleString('en-US')} rows
                    </option>
                  ))}
                </select>
              </label>
            </div>
            {hunt !== undefined && hunt.description !== '' && (
              <p className="muted pad-x">
                <Visible text={hunt.description} />
              </p>
            )}
            <div className="editor-box">
              <Suspense fallback={<div className="editor-wait" />}>
                <EventSqlEditor
                  label="SQL"
                  text={sql}
                  change={change}
                  problems={problems}
                  run={() => start(ask)}
                  lines={{ least: 7, most: 22 }}
                />
              </Suspense>
            </div>
            {parameters.length > 0 && (
              <div className="parameters">
                {parameters.map(({ name: parameter, doc, usual }) => (
                  <label key={parameter} title={doc}>
                    <span>${parameter}</span>
                    <input
                      value={values[parameter] ?? usual}
                      onChange={(event) => setValues({ ...values, [parameter]: event.target.value })}
                    />
                  </label>
                ))}
              </div>
            )}
            <div className="actions">
              {isRunning ? (
                <button type="button" className="button" onClick={cancel}>
                  Cancel
                </button>
              ) : (
                <button type="button" className="button primary" onClick={() => start(ask)}>
                  Run <kbd>Ctrl ↵</kbd>
                </button>
              )}
              <HuntActions ask={ask} hunt={hunt} values={values} chosen={choose} />
            </div>
          </section>
          {run !== null && <HuntResult run={run} />}
          <HuntSchedules hunt={hunt} values={values} />
        </div>
      </div>
    </>
  );
}

interface HuntActionsProps {
  readonly ask: HuntAsk;
  readonly hunt: HuntJson | undefined;
  readonly values: Readonly<Record<string, string>>;
  readonly chosen: (hunt: HuntJson) => void;
}

/** What else can be done with a statement: saved, removed, exported, linked to. */
function HuntActions({ ask, hunt, values, chosen }: HuntActionsProps) {
  const mayKeep = useMay('triage');
  const remove = useRemoveHunt();
  const [isSaving, setSaving] = useState(false);
  const [told, setTold] = useState('');
  const exportAs = (form: ExportForm) => {
    setTold('Exporting…');
    exportHunt(ask, form)
      .then(() => setTold('Exported.'))
      .catch((error: unknown) => setTold(explain(error).what));
  };
  const copyLink = () =>
    void navigator.clipboard.writeText(location.href).then(
      () => setTold('Link copied.'),
      () => setTold('The browser did not let the page copy; the link is in the address bar.'),
    );
  const sql = ask.sql ?? '';
  return (
    <>
      {mayKeep && (
        <button type="button" className="button" onClick={() => setSaving(true)}>
          Save…
        </button>
      )}
      {mayKeep && hunt?.isOurs === false && (
        <button type="button" className="button" onClick={() => remove.mutate(hunt.name)}>
          Remove
        </button>
      )}
      <fieldset className="button-row" aria-label="Export all rows">
        {Object.entries(exportForms).map(([form, words]) => (
          <button
            key={form}
            type="button"
            className="button quiet"
            onClick={() => exportAs(form as ExportForm)}
          >
            {words}
          </button>
        ))}
      </fieldset>
      <button type="button" className="button quiet" onClick={copyLink}>
        Copy link
      </button>
      <span className="muted" role="status">
        {told}
      </span>
      {isSaving && (
        <SaveHunt
          sql={sql}
          parameters={parametersOf(sql, hunt)}
          values={values}
          from={hunt}
          saved={chosen}
          close={() => setSaving(false)}
        />
      )}
    </>
  );
}
