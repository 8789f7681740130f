import { randomBytes } from 'node:crypto';
import { fail, ok, type Result, VedetteError } from '#shared/errors.ts';
import { maxGlobLength } from '#shared/glob.ts';
import type { AlertException, AlertExceptionStore, AlertStore, NewAlert } from '../store/contract.ts';
import {
  type ExceptionScope,
  ExceptionSet,
  ExceptionTest,
  readExceptionFilter,
  subjectOfAlert,
} from './exception-set.ts';
import { riskRuleId } from './risk.ts';

const dayUs = 86_400_000_000;
/** Longest time until an exception expires: what is still true then is worth a change of the rule. */
export const longestExceptionUs = 366 * dayUs;
/** Most exceptions at once. */
export const maxExceptions = 1000;
/** An expired exception and its count are there for this long. */
const keptUs = 30 * dayUs;
/** Alerts that a preview looks at, the newest first. */
export const maxPreviewed = 20_000;
const pageSize = 500;

export interface ExceptionOrder extends ExceptionScope {
  readonly reason: string;
  readonly expiresAt: number;
  readonly by: string;
}

/** What an exception would have hidden of the alerts there are. */
export interface ExceptionPreview {
  readonly alerts: number;
  readonly events: number;
  /** Of them found true. */
  readonly truePositives: number;
  readonly lookedAt: number;
  /** More alerts were there than were looked at. */
  readonly isCut: boolean;
}

export interface ExceptionsOptions {
  readonly store: AlertExceptionStore;
  readonly alerts: Pick<AlertStore, 'list'>;
  /** Detection goes by these from now on. */
  readonly apply: (exceptions: readonly AlertException[]) => void;
  readonly now: () => number;
}

/** Exceptions: made, taken back, shown beforehand. Every change is in the audit log and takes effect at once. */
export class AlertExceptions {
  readonly #o: ExceptionsOptions;

  constructor(options: ExceptionsOptions) {
    this.#o = options;
  }

  list(): Promise<readonly AlertException[]> {
    return this.#o.store.list();
  }

  async add(order: ExceptionOrder): Promise<Result<AlertException>> {
    const at = this.#o.now();
    const problem = faultOf(order, at);
    if (problem !== undefined) return problem;
    const { by, ...rest } = order;
    const id = randomBytes(8).toString('hex');
    const made = { ...rest, id, madeAt: at, madeBy: by };
    const detail = {
      ...{ reason: order.reason, expiresAt: order.expiresAt, filter: order.filter },
      ...(order.ruleId !== null && { rule: order.ruleId }),
      ...(order.hosts !== null && { hosts: order.hosts }),
      ...(order.key !== null && { entity: order.key }),
    };
    const entry = { at, actor: by, action: 'exception.make', target: `exception ${id}`, detail };
    if (!(await this.#o.store.add(made, maxExceptions, entry)))
      return fail('api.conflict', `There are ${maxExceptions} exceptions already; remove some first.`);
    await this.#tell();
    return ok({ ...made, hits: 0, lastHitAt: null, lastHost: null, lastRule: null });
  }

  /** Throws `api.not_found`. */
  async remove(id: string, by: string): Promise<AlertException> {
    const at = this.#o.now();
    const entry = { at, actor: by, action: 'exception.remove', target: `exception ${id}`, detail: {} };
    const removed = await this.#o.store.remove(id, entry);
    if (removed === undefined) throw new VedetteError('api.not_found', `There is no exception ${id}.`);
    await this.#tell();
    return removed;
  }

  /** Counts an alert that the collector raises of itself where it is hidden; false where it is not. */
  async hides(alert: NewAlert): Promise<boolean> {
    const set = new ExceptionSet(await this.#o.store.list());
    const id = set.idOf(subjectOfAlert(alert), this.#o.now());
    return id !== undefined && (await this.#o.store.count(id, alert));
  }

  /** Throws `filter.*`. */
  async preview(scope: ExceptionScope, since: number): Promise<ExceptionPreview> {
    const test = new ExceptionTest(scope);
    const found = { alerts: 0, events: 0, truePositives: 0, lookedAt: 0, isCut: false };
    const filter = { since, ...(scope.ruleId !== null && { ruleId: scope.ruleId }) };
    for (let cursor: string | undefined; ; ) {
      const page = await this.#o.alerts.list(filter, pageSize, cursor);
      for (const alert of page.items) {
        found.lookedAt++;
        if (!test.holds(subjectOfAlert(alert))) continue;
        found.alerts++;
        found.events += alert.count;
        if (alert.verdict === 'true-positive') found.truePositives++;
      }
      if (page.next === null) return found;
      if (found.lookedAt >= maxPreviewed) return { ...found, isCut: true };
      cursor = page.next;
    }
  }

  /** Forgets what expired long ago. */
  async tend(): Promise<void> {
    await this.#o.store.prune(this.#o.now() - keptUs);
  }

  async #tell(): Promise<void> {
    this.#o.apply(await this.#o.store.list());
  }
}

function faultOf(order: ExceptionOrder, at: number): Result<never> | undefined {
  const { ruleId, key, hosts, filter, reason, expiresAt } = order;
  const read = readExceptionFilter(filter);
  if (!read.ok) return read;
  if (ruleId === null && key === null && hosts === null && filter.trim() === '')
    return fail('api.invalid', 'An exception names a rule, an entity, hosts or a filter.');
  if (hosts !== null && (hosts === '' || hosts.length > maxGlobLength))
    return fail('api.invalid', `Hosts are a pattern of 1 to ${maxGlobLength} characters.`);
  if (ruleId?.startsWith('vedette-') && ruleId !== riskRuleId)
    return fail('api.invalid', 'What the collector sees of itself and of attacks on it is not hidden.');
  if (reason.trim() === '') return fail('api.invalid', 'An exception has a reason.');
  if (expiresAt <= at) return fail('api.invalid', 'An exception expires in the future.');
  if (expiresAt > at + longestExceptionUs)
    return fail('api.invalid', `An exception expires within ${longestExceptionUs / dayUs} days.`);
  return undefined;
}
