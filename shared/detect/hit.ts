import type { ColumnarEvents } from '../schema/columns.ts';

/** A row that a rule matched, with whose it is. */
export interface Hit {
  readonly hostId: string;
  readonly hostName: string;
  readonly events: ColumnarEvents;
  readonly row: number;
}
