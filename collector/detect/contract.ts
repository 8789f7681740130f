import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { NewAlert } from '../store/contract.ts';

/** Where a batch came from; product is the host's operating system in Sigma's words. */
export interface BatchOrigin {
  readonly hostId: string;
  readonly hostName: string;
  readonly product: string;
  /** Gives the id of row `row` of group `group`. */
  readonly eventId: (group: number, row: number) => string;
}

/** Detection over decoded batches. Does no I/O; a rule that fails is set aside and reported, never thrown. */
export interface Detector {
  /** Alerts of one batch, in order of their events; those of one id are already merged. `now` in microseconds. */
  detect(origin: BatchOrigin, groups: readonly ColumnarEvents[], now: number): readonly NewAlert[];
  /** Microseconds of history that must be fed again (alerts ignored) after a restart to rebuild correlation state. */
  readonly lookback: number;
  readonly ruleCount: number;
}
