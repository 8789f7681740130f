/** What parsing a pipeline gives. Source of the form: pySigma's documentation on processing pipelines. */
import type { Scalar } from '../document.ts';
import type { Step } from './rule-work.ts';

export interface Pipeline {
  readonly name: string;
  readonly file: string;
  /** Lower ones go first; equal ones in the order given. */
  readonly priority: number;
  readonly vars: ReadonlyMap<string, readonly Scalar[]>;
  readonly steps: readonly Step[];
}
