import type { Place } from '../problem.ts';

/** Bounds on pipelines and on what one may make of a rule. */
export const pipelineBounds = {
  /** Transformations of a pipeline, nested ones included. */
  steps: 5_000,
  /** Values of items made anew for one rule, by all its pipelines. */
  producedValues: 1_000_000,
  fieldLength: 1_024,
} as const;

/** Why a pipeline cannot be applied to a rule; the rule is refused with it. */
export class PipelineRefusal extends Error {
  readonly place: Place | undefined;

  constructor(message: string, place?: Place) {
    super(message);
    this.place = place;
  }
}
