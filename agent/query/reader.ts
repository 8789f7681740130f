import type { TableRow } from '#shared/tables/spec.ts';
import type { AgentStatus } from '../status.ts';

/** Where a host's state is read from, and what only the running agent knows. */
export interface QueryHost {
  readonly fsRoot: string;
  readonly procRoot: string;
  readonly sysRoot: string;
  readonly etcRoot: string;
  readonly varRoot: string;
  readonly runRoot: string;
  readonly libRoot: string;
  readonly devRoot: string;
  /** What `vedette agent status` shows, for queries of the running agent. */
  readonly status?: AgentStatus;
  readonly version?: string;
}

/** Reads a table whole. What cannot be read is left out: an empty table is an answer. */
export type TableReader = (host: QueryHost) => Iterable<TableRow> | Promise<Iterable<TableRow>>;

/** Finds the rows whose column has the value. */
export type TableLookup = (host: QueryHost, column: string, value: string) => Iterable<TableRow>;
