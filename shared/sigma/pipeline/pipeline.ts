/** What parsing a pipeline gives. Source of the form: pySigma's documentation on processing pipelines. */
import type { Item, Scalar } from '../document.ts';
import type { Place } from '../problem.ts';
import type { RuleWork } from './rule-work.ts';

/** Bounds on pipelines and on what one may make of a rule. */
export const pipelineBounds = {
  /** Transformations of a pipeline, nested ones included. */
  steps: 5_000,
  /** Values of items made anew for one rule, by all its pipelines. */
  producedValues: 1_000_000,
  fieldLength: 1_024,
} as const;

export type RuleTest = (work: RuleWork) => boolean;
export type ItemTest = (item: Item, work: RuleWork) => boolean;
/** Null is the field of keywords. */
export type FieldTest = (field: string | null, work: RuleWork) => boolean;

/** One transformation with its conditions. */
export interface Step {
  /** What `processing_item_applied` asks for. */
  readonly id: string | null;
  /** Pipeline and line, for messages. */
  readonly origin: string;
  readonly ruleTest: RuleTest;
  readonly itemTest: ItemTest;
  readonly fieldTest: FieldTest;
  readonly transform: Transform;
  /** Only runs other steps. */
  readonly nests: boolean;
}

/** Changes the document under work. Throws PipelineRefusal when the rule cannot be taken. */
export type Transform = (work: RuleWork, step: Step) => void;

export interface Pipeline {
  readonly name: string;
  readonly file: string;
  /** Lower ones go first; equal ones in the order given. */
  readonly priority: number;
  readonly vars: ReadonlyMap<string, readonly Scalar[]>;
  readonly steps: readonly Step[];
}

/** Why a pipeline cannot be applied to a rule; the rule is refused with it. */
export class PipelineRefusal extends Error {
  readonly place: Place | undefined;

  constructor(message: string, place?: Place) {
    super(message);
    this.place = place;
  }
}
