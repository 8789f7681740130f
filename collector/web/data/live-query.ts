/** Asks one host about its present state, in SQL, and waits for the whole answer. */
import type { LiveQueryJson } from '../../api/resources/queries.ts';
import type { LiveQueryLine } from '../../store/contract.ts';
import { request, requestText } from './request.ts';

export type LiveRow = Readonly<Record<string, string | number | null>>;

export interface LiveAnswer {
  readonly rows: readonly LiveRow[];
  /** Milliseconds on the host. */
  readonly tookMs: number;
  /** Rows left out for a bound. */
  readonly cut: number;
  /** When it was asked, milliseconds since the epoch. */
  readonly askedAtMs: number;
}

/** What the host did not answer, and why. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

const timeoutMs = 15_000;
const mostRows = 20_000;

/** Rejects with `NoAnswer` where the host is away or failed, with `ApiProblem` where the collector refuses. */
export async function askHost(host: string, sql: string): Promise<LiveAnswer> {
  const askedAtMs = Date.now();
  const order = { sql, hosts: [host], timeoutMs, rows: mostRows };
  const { id } = await request<LiveQueryJson>('POST', '/queries', order);
  const text = await requestText(`/queries/${encodeURIComponent(id)}/results`);
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LiveQueryLine);
  const rows: LiveRow[] = [];
  let tookMs = 0;
  let cut = 0;
  for (const line of lines) {
    if (line.type === 'row') rows.push(line.row);
    if (line.type !== 'host') continue;
    if (line.state === 'away') throw new NoAnswer('It is not connected.');
    if (line.state === 'failed') throw new NoAnswer(line.detail);
    tookMs = line.tookMs;
    cut = line.cut;
  }
  return { rows, tookMs, cut, askedAtMs };
}
