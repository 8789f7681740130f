/** Bounds of live queries that both sides know. */
export const queryBounds = {
  /** In UTF-16 units; a text in a frame holds no more. */
  maxSqlLength: 4096,
  usualTimeoutMs: 10_000,
  minTimeoutMs: 100,
  maxTimeoutMs: 60_000,
  usualRows: 10_000,
  maxRows: 100_000,
  /** Of all parts of one host's answer. */
  maxBytes: 16 * 1024 * 1024,
  /** Of one part; as much as the result of any command may hold. */
  maxPartBytes: 256 * 1024,
  maxColumns: 256,
} as const;

/** One part of an answer, as JSON in UTF-8. */
export interface QueryPart {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly QueryValue[])[];
}
export type QueryValue = string | number | null;

/** What the end of a query says besides its rows. */
export interface QueryEnd {
  readonly columns: readonly string[];
  /** Rows given. */
  readonly rows: number;
  /** Rows left out for a bound; a least number where `isMore`. */
  readonly cut: number;
  /** The query was ended at its bounds, before it had told how many more rows there are. */
  readonly isMore: boolean;
  /** From the begin to the end of the query on the host. */
  readonly tookMs: number;
}
