import type { ReactNode } from 'react';

/** One column of a table over rows `R`. */
export interface TableColumn<R> {
  /** Unique in the table; what sorting in the address and the kept layout name it by. */
  readonly id: string;
  readonly title: string;
  /** What a cell says as text: shown unless `cell` shows it otherwise, copied, and sorted by unless `sortBy` says. */
  readonly text: (row: R) => string;
  readonly cell?: (row: R) => ReactNode;
  /** Absent on a row: sorted to the end. */
  readonly sortBy?: (row: R) => string | number | undefined;
  readonly isSortable?: false;
  /** Pixels, until somebody makes it wider or narrower. */
  readonly width: number;
  /** Takes a share of the room that is left. */
  readonly grows?: true;
  readonly align?: 'end';
  /** Not shown until somebody chooses it. */
  readonly isHidden?: true;
}

/** Which column the rows are sorted by. */
export interface TableSort {
  readonly id: string;
  readonly isDescending: boolean;
}
