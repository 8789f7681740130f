/** What the collector and its hunting process say to each other. */
import type { ErrorCode } from '#shared/errors.ts';
import type { NeededText, SqlColumn, SqlValue } from '../../contract.ts';
import type { HostName, TimeRange } from './views.ts';

/** How rows leave: as values, or as text that is passed on as it is, one row a line. */
export const rowForms = ['values', 'arrays', 'objects', 'csv'] as const;
export type RowForm = (typeof rowForms)[number];

export interface RunBounds {
  readonly maxRows: number;
  readonly timeoutMs: number;
  /** Of the whole result, as it leaves. */
  readonly maxBytes: number;
}

export interface RunRequest {
  readonly sql: string;
  /** By position (`$1`) or by name (`$name`). */
  readonly values: readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
  readonly range: TimeRange;
  readonly needed: readonly NeededText[];
  /** Longest `sql`, in UTF-16 units. */
  readonly maxSqlLength: number;
  readonly bounds: RunBounds;
  /** `parquet` writes the rows into a file of this path and gives none. */
  readonly form: RowForm | { readonly parquet: string };
}

export type ToProcess =
  | {
      readonly say: 'open';
      readonly settings: ProcessSettings;
    }
  | { readonly say: 'hosts'; readonly hosts: readonly HostName[] }
  | { readonly say: 'run'; readonly number: number; readonly request: RunRequest }
  /** Asks for the next part of a result. */
  | { readonly say: 'next'; readonly number: number }
  | { readonly say: 'cancel'; readonly number: number };

export interface ProcessSettings {
  readonly journalPath: string;
  /** Of the keys of what is stored; empty where there is none. */
  readonly keyFile: string;
  /** The keys themselves, where they come from the environment, which this process does not get. */
  readonly keys: string;
  /** Parquet files of the manifest are under it. */
  readonly segmentFolder: string;
  /** Private; emptied at the start. */
  readonly workFolder: string;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly spillBytes: number;
  /** Statements that run at once. */
  readonly connections: number;
}

export type RunPart =
  | { readonly part: 'columns'; readonly columns: readonly SqlColumn[] }
  | { readonly part: 'values'; readonly rows: readonly (readonly SqlValue[])[] }
  | { readonly part: 'text'; readonly text: string; readonly rows: number }
  | RunEnd;

export interface RunEnd {
  readonly part: 'end';
  readonly rows: number;
  readonly isCut: boolean;
  /** Stored batches that could not be read: the disk has changed them. */
  readonly damagedBatches: number;
}

export type FromProcess =
  | { readonly number: number; readonly part: RunPart }
  | { readonly number: number; readonly percent: number }
  | { readonly number: number; readonly failure: { readonly code: ErrorCode; readonly detail: string } };
