import { type ErrorCode, VedetteError } from '../errors.ts';

/** What is wrong with a filter, and where. */
export interface FilterProblem {
  readonly code: Extract<ErrorCode, `filter.${string}`>;
  readonly message: string;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** Of what is wrong. */
  readonly length: number;
  /** What may have been meant instead; the nearest first. */
  readonly suggestions: readonly string[];
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: FilterProblem };

/** Thrown inside the parser only; it never leaves it. */
export class Refusal extends Error {
  readonly problem: FilterProblem;

  constructor(problem: FilterProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

export function refuse(
  code: FilterProblem['code'],
  message: string,
  place: { readonly from: number; readonly to: number },
  suggestions: readonly string[] = [],
): never {
  const length = Math.max(1, place.to - place.from);
  throw new Refusal({ code, message, column: place.from + 1, length, suggestions });
}

/** The problem in one sentence, with its column and what may have been meant. */
export function problemText({ message, column, suggestions }: FilterProblem): string {
  const meant = suggestions.length === 0 ? '' : ` Did you mean ${suggestions.join(' or ')}?`;
  return `Column ${column}: ${message}${meant}`;
}

export function problemError(problem: FilterProblem): VedetteError {
  return new VedetteError(problem.code, problemText(problem));
}
