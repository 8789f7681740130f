import { useCallback, useEffect, useRef, useState } from 'react';
import type { LiveQueryJson } from '../../api/resources/queries.ts';
import type { LiveQueryLine } from '../../store/contract.ts';
import { linesOf } from '../data/lines.ts';
import { open, request } from '../data/request.ts';
import { columnsOf, type GridColumn, type GridRow } from '../grid/cells.ts';

export interface LiveQueryAsk {
  readonly sql: string;
  /** Ids, names, patterns over names, or `all`. */
  readonly hosts: readonly string[];
  readonly timeoutMs: number;
}

export type HostAnswer = LiveQueryLine & { readonly type: 'host' };

export interface LiveQueryRun {
  readonly state: 'running' | 'done' | 'canceled' | 'failed';
  /** How many hosts are asked; 0 until that is known. */
  readonly hosts: number;
  readonly answers: readonly HostAnswer[];
  readonly columns: readonly GridColumn[];
  readonly rows: readonly GridRow[];
  readonly cut: number;
  readonly error: unknown;
}

const showMs = 150;
const fresh: LiveQueryRun = {
  ...{ state: 'running', hosts: 0, answers: [], columns: [], rows: [], cut: 0, error: null },
} as const;

/** Rows of different hosts under the columns of all of them, the host first. */
class Table {
  readonly #names: string[] = [];
  readonly #numeric = new Set<string>();
  readonly rows: GridRow[] = [];

  add({ hostName, row }: LiveQueryLine & { readonly type: 'row' }): void {
    for (const [name, value] of Object.entries(row)) {
      if (!this.#names.includes(name)) this.#names.push(name);
      if (typeof value === 'number') this.#numeric.add(name);
    }
    this.rows.push([hostName, ...this.#names.map((name) => row[name] ?? null)]);
  }

  get columns(): readonly GridColumn[] {
    const kind = (name: string) => (this.#numeric.has(name) ? 'number' : 'text');
    const own = this.#names.map((name) => ({ name, kind: kind(name) }) as const);
    return columnsOf([{ name: 'host', kind: 'text' }, ...own]);
  }
}

async function read(answer: Response, show: (run: Partial<LiveQueryRun>) => void): Promise<void> {
  const table = new Table();
  const answers: HostAnswer[] = [];
  let shownMs = performance.now();
  const present = () => ({ columns: table.columns, rows: [...table.rows], answers: [...answers] });
  for await (const line of linesOf(answer) as AsyncGenerator<LiveQueryLine>) {
    if (line.type === 'row') table.add(line);
    else if (line.type === 'host') answers.push(line);
    else {
      show({
        ...present(),
        state: line.state === 'running' ? 'done' : line.state,
        hosts: line.hosts,
        cut: line.cut,
      });
      return;
    }
    if (performance.now() - shownMs < showMs) continue;
    shownMs = performance.now();
    show(present());
  }
  throw new TypeError('The answer broke off.');
}

export interface LiveQuerying {
  readonly run: LiveQueryRun | null;
  readonly start: (ask: LiveQueryAsk) => void;
  readonly cancel: () => void;
}

/** One query at a time. Leaving the page cancels it; the hosts then stop working on it. */
export function useLiveQuery(): LiveQuerying {
  const [run, setRun] = useState<LiveQueryRun | null>(null);
  const current = useRef<{ readonly abort: AbortController; id?: string } | null>(null);
  const cancel = useCallback(() => {
    const { id } = current.current ?? {};
    if (id !== undefined) void request('DELETE', `/queries/${encodeURIComponent(id)}`).catch(() => {});
  }, []);
  const start = useCallback((ask: LiveQueryAsk) => {
    const mine: { readonly abort: AbortController; id?: string } = { abort: new AbortController() };
    current.current?.abort.abort();
    current.current = mine;
    const show = (part: Partial<LiveQueryRun>) => {
      if (current.current === mine) setRun((now) => ({ ...(now ?? fresh), ...part }));
    };
    setRun(fresh);
    request<LiveQueryJson>('POST', '/queries', ask)
      .then((query) => {
        mine.id = query.id;
        show({ hosts: query.hosts });
        return open('GET', `/queries/${encodeURIComponent(query.id)}/results`, undefined, mine.abort.signal);
      })
      .then((answer) => read(answer, show))
      .catch((error: unknown) => show({ state: 'failed', error }))
      .finally(() => {
        delete mine.id;
      });
  }, []);
  useEffect(() => cancel, [cancel]);
  return { run, start, cancel };
}
