import type { Tree } from '../../parse/tree.ts';
import type { Parameters } from '../parameters.ts';
import type { Step, Transform } from '../rule-work.ts';

/** A kind of transformation: the name pipelines use, and what its parameters come to. */
export interface Transformation {
  readonly type: string;
  /** Throws PipelineFault for parameters that make no sense. */
  readonly read: (parameters: Parameters, context: ReadContext) => Transform;
}

export interface ReadContext {
  /** Reads a list of steps inside a step. */
  readonly steps: (tree: Tree) => readonly Step[];
}
