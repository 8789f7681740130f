import { catalogue, type ErrorCode } from '../errors.ts';

/** A place in a text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a rule file, where, and what to do. An `error` refuses the rule; a `warning` does not. */
export interface RuleProblem extends Place {
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  readonly file: string;
  readonly message: string;
  readonly action: string;
}

/** Gathers the problems of one file, so that reading goes on after the first of them. */
export class ProblemSink {
  readonly file: string;
  readonly problems: RuleProblem[] = [];

  constructor(file: string) {
    this.file = file;
  }

  /** Notes an error. Gives undefined, so that a reader may `return problems.refuse(…)`. */
  refuse(code: ErrorCode, place: Place, message: string): undefined {
    this.#add('error', code, place, message);
  }

  warn(code: ErrorCode, place: Place, message: string): void {
    this.#add('warning', code, place, message);
  }

  get errors(): readonly RuleProblem[] {
    return this.problems.filter((p) => p.severity === 'error');
  }

  get errorCount(): number {
    return this.errors.length;
  }

  #add(severity: RuleProblem['severity'], code: ErrorCode, place: Place, message: string): void {
    const { line, column } = place;
    this.problems.push({
      severity,
      code,
      file: this.file,
      line,
      column,
      message,
      action: catalogue[code].action,
    });
  }
}
