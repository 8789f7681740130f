import { VedetteError } from '#shared/errors.ts';

/** Too much was asked; says when to ask again. */
export class Throttled extends VedetteError {
  readonly retryAfterS: number;
  /** The first that is turned away in this wait: the one that the audit log gets. */
  readonly isFirst: boolean;

  constructor(detail: string, waitMs: number, isFirst = false) {
    super('api.too_many_requests', detail);
    this.retryAfterS = Math.max(1, Math.ceil(waitMs / 1000));
    this.isFirst = isFirst;
  }
}
