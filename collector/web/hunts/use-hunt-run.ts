import { useCallback, useEffect, useRef, useState } from 'react';
import type { Problem } from '../../api/problem.ts';
import { linesOf } from '../data/lines.ts';
import { ApiProblem, open } from '../data/request.ts';
import { columnsOf, type GridColumn, type GridRow, kindOf } from '../grid/cells.ts';

/** What is asked: a statement or the name of a ready hunt; as POST /hunts/run takes it. */
export interface HuntAsk {
  readonly sql?: string;
  readonly name?: string;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly timeoutSeconds: number;
}

export interface HuntRun {
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly columns: readonly GridColumn[];
  readonly rows: readonly GridRow[];
  /** Of the files it reads; null as long as that is not known. */
  readonly percent: number | null;
  readonly isCut: boolean;
  readonly damagedBatches: number;
  readonly tookMs: number;
  readonly error: unknown;
}

type Line =
  | readonly unknown[]
  | { readonly columns: readonly { readonly name: string; readonly type: string }[] }
  | { readonly percent: number }
  | { readonly end: { readonly isCut: boolean; readonly damagedBatches: number } }
  | { readonly error: { readonly code: Problem['code']; readonly detail: string } }
  | { readonly hunt: string };

/** Rows are shown this often while they arrive. */
const showMs = 150;

const fresh: HuntRun = {
  ...{ state: 'running', columns: [], rows: [], percent: null, isCut: false },
  ...{ damagedBatches: 0, tookMs: 0, error: null },
} as const;

/** Reads an answer to its end, and shows what there is of it now and then. Throws what the answer ends with. */
async function read(answer: Response, show: (run: Partial<HuntRun>) => void): Promise<Partial<HuntRun>> {
  const rows: GridRow[] = [];
  let end: Partial<HuntRun> | undefined;
  let shownMs = performance.now();
  for await (const line of linesOf(answer) as AsyncGenerator<Line>) {
    if (Array.isArray(line)) rows.push(line);
    else if ('columns' in line)
      show({ columns: columnsOf(line.columns.map(({ name, type }) => ({ name, kind: kindOf(type) }))) });
    else if ('percent' in line) show({ percent: line.percent });
    else if ('end' in line) end = { isCut: line.end.isCut, damagedBatches: line.end.damagedBatches };
    else if ('error' in line) throw new ApiProblem(problemOf(line.error));
    if (performance.now() - shownMs < showMs) continue;
    shownMs = performance.now();
    show({ rows: [...rows] });
  }
  if (end === undefined) throw new TypeError('The answer broke off.');
  return { ...end, rows };
}

function problemOf(error: { readonly code: Problem['code']; readonly detail: string }): Problem {
  return { title: error.detail, action: '', status: 500, retryable: false, ...error };
}

export interface Hunting {
  readonly run: HuntRun | null;
  readonly start: (ask: HuntAsk) => void;
  readonly cancel: () => void;
}

/** One hunt at a time; leaving the page cancels it, in the collector as well. */
export function useHuntRun(): Hunting {
  const [run, setRun] = useState<HuntRun | null>(null);
  const current = useRef<AbortController | null>(null);
  const cancel = useCallback(() => current.current?.abort(), []);
  const start = useCallback((ask: HuntAsk) => {
    current.current?.abort();
    const abort = new AbortController();
    current.current = abort;
    const startMs = performance.now();
    const show = (part: Partial<HuntRun>) => {
      if (current.current === abort)
        setRun((now) => ({ ...(now ?? fresh), tookMs: performance.now() - startMs, ...part }));
    };
    setRun(fresh);
    open('POST', '/hunts/run', { ...ask, format: 'rows' }, abort.signal)
      .then((answer) => read(answer, show))
      .then((end) => show({ ...end, state: 'done' }))
      .catch((error: unknown) =>
        abort.signal.aborted ? show({ state: 'cancelled' }) : show({ state: 'failed', error }),
      );
  }, []);
  useEffect(() => cancel, [cancel]);
  return { run, start, cancel };
}
