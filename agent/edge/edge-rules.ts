import { nowUs } from '#shared/clock.ts';
import { eventOfAlert } from '#shared/detect/alert-event.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import type { EdgePort, PlacedBatch } from '../outbox/intake.ts';
import type { RunningRules } from './running-rules.ts';

/** Who the host is, as the collector knows it. */
export interface EdgeHost {
  readonly hostId: string;
  readonly hostName: string;
  /** Operating system in Sigma's words. */
  readonly product: string;
}

/**
 * Alerts told in one minute. They go first and are given up last, so a rule that matches everything would push all else
 * out of the outbox; beyond it the collector finds the alerts in the events, as it does for hosts that run no rules.
 */
export const maxAlertsPerMinute = 600;

/**
 * The rules in force on this host, over everything it emits: alerts are raised here at once, whether or not there is a
 * collector to tell. Others may run beside them in a trial and raise nothing.
 */
export class EdgeRules implements EdgePort {
  readonly #host: EdgeHost;
  #inForce: RunningRules | undefined;
  #trial: RunningRules | undefined;
  #onTried: () => void = () => undefined;
  #minute = 0;
  /** In this minute. */
  #told = 0;
  /** Called for what no rule is to blame for; the events go on without alerts. */
  readonly #onError: (error: Error) => void;

  constructor(host: EdgeHost, onError: (error: Error) => void) {
    this.#host = host;
    this.#onError = onError;
  }

  get inForce(): RunningRules | undefined {
    return this.#inForce;
  }

  /** Runs rules beside those in force, or ends that. `onTried` is called when they have seen something. */
  setTrial(rules: RunningRules | undefined, onTried: () => void = () => undefined): void {
    this.#trial = rules;
    this.#onTried = onTried;
  }

  /** Puts rules in force; correlations that they share with those before keep what they have counted. */
  use(rules: RunningRules | undefined): void {
    const state = rules === undefined ? undefined : this.#inForce?.detector.snapshot();
    if (state !== undefined && state !== null) rules?.detector.restore(state);
    this.#inForce = rules;
    this.#trial = undefined;
  }

  matches(rows: readonly EventRow[]): boolean {
    try {
      if (this.#trial !== undefined) {
        this.#trial.matches(rows);
        this.#onTried();
      }
      return this.#inForce?.matches(rows) ?? false;
    } catch (error) {
      this.#onError(error as Error);
      return false;
    }
  }

  alertsOf(batch: PlacedBatch): readonly AnyEvent[] {
    const rules = this.#inForce;
    if (rules === undefined) return [];
    try {
      const alerts = this.#detect(rules, batch);
      const told = alerts.slice(0, this.#allowance(alerts.length));
      rules.alerts += alerts.length;
      rules.alertsShed += alerts.length - told.length;
      return told;
    } catch (error) {
      this.#onError(error as Error);
      return [];
    }
  }

  /** How many of so many alerts may be told now. */
  #allowance(wanted: number): number {
    const minute = Math.floor(performance.now() / 60_000);
    if (minute !== this.#minute) this.#told = 0;
    this.#minute = minute;
    const allowed = Math.min(wanted, maxAlertsPerMinute - this.#told);
    this.#told += allowed;
    return allowed;
  }

  /** Over the batch as the collector will read it, so that evidence has the ids it has there. */
  #detect(rules: RunningRules, { stream, sequence, data }: PlacedBatch): readonly AnyEvent[] {
    const decoded = decodeBatch(data);
    if (!decoded.ok) throw decoded.error;
    const { groups } = decoded.value;
    const { hostId } = this.#host;
    const origin = {
      ...this.#host,
      eventId: (group: number, row: number) =>
        eventId({ hostId, stream, sequence, index: (groups[group]?.offset ?? 0) + row }),
    };
    const events = groups.map((group) => group.events);
    return rules.detector.detect(origin, events, nowUs()).map((alert) => eventOfAlert(alert, rules.digest));
  }
}
