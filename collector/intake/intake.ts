import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import type { BatchInput, Verdict } from '../ingest/messages.ts';
import type { Alert, AlertStore, HostStore } from '../store/contract.ts';
import { outside } from './outside.ts';

/** In place of a connection's number: those count from 1. */
export const intakeConnection = -1;
/** Events of one request. */
export const mostAtOnce = 10_000;
/** Requests that wait for their events to be stored; more are refused. */
const mostWaiting = 64;
/** How long detection may take to come to events that are stored. */
const detectionMs = 10_000;
const lookMs = 10;
/** Alerts looked through for those that events made. */
const mostAlerts = 500;

export interface IntakeOptions {
  readonly hosts: HostStore;
  readonly alerts: AlertStore;
  readonly submit: (batch: BatchInput, data: Uint8Array) => void;
  /** Id of the last stored batch, and of the last that detection has gone over. */
  readonly lastStored: () => Promise<number>;
  readonly lastDetected: () => Promise<number>;
  readonly backlogBytes: () => number;
  readonly maxBacklogBytes: number;
}

export interface Taken {
  /** Ids of the stored events, in order. */
  readonly ids: readonly string[];
}

/**
 * Takes events that come through the API the way batches of agents go: stored durably, then looked at by the rules in
 * force, under a host of their own that the ledger counts like any other.
 */
export class Intake {
  readonly #o: IntakeOptions;
  #stream = newStream();
  #sequence = 0;
  #collected = 0;
  #isKnown = false;
  readonly #waiting = new Map<string, (verdict: Verdict) => void>();

  constructor(options: IntakeOptions) {
    this.#o = options;
  }

  /** Resolves when the events are durable. Rejects with `wire.busy` or with what the store refuses them with. */
  async take(events: readonly EventRow[]): Promise<Taken> {
    if (this.#waiting.size >= mostWaiting || this.#o.backlogBytes() > this.#o.maxBacklogBytes)
      throw new VedetteError('wire.busy', 'Too many events wait to be stored.');
    if (events.length === 0) return { ids: [] };
    await this.#introduce();
    const { data } = encodeBatch(events);
    const [stream, sequence] = [this.#stream, ++this.#sequence];
    this.#collected += events.length;
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.#waiting.set(`${stream}:${sequence}`, resolve);
    const { id: hostId, hostname: hostName, os: product } = outside;
    const batch = { connection: intakeConnection, hostId, hostName, product, stream, sequence };
    this.#o.submit({ ...batch, collected: this.#collected, receivedAt: nowUs() }, data);
    const { outcome } = await promise;
    if (typeof outcome === 'object') {
      // What was not stored was not taken: the next events begin a stream in which nothing is missing.
      this.#begin(stream);
      throw new VedetteError(outcome.code, outcome.detail);
    }
    return { ids: events.map((_, index) => eventId({ hostId, stream, sequence, index })) };
  }

  /** The alerts that events taken made or went into, once detection has come to them. Throws `api.timeout`. */
  async alertsOf({ ids }: Taken): Promise<readonly Alert[]> {
    const upTo = await this.#o.lastStored();
    const deadline = performance.now() + detectionMs;
    while ((await this.#o.lastDetected()) < upTo) {
      if (performance.now() > deadline)
        throw new VedetteError('api.timeout', 'The events are stored; detection has not come to them yet.');
      await sleep(lookMs);
    }
    const own = new Set(ids);
    const { items } = await this.#o.alerts.list({ hostId: outside.id }, mostAlerts);
    return items.filter(({ eventIds }) => eventIds.some((id) => own.has(id)));
  }

  judge(verdict: Verdict): void {
    const place = `${verdict.stream}:${verdict.sequence}`;
    this.#waiting.get(place)?.(verdict);
    this.#waiting.delete(place);
  }

  /** Nothing was refused on a stream that was left already. */
  #begin(after: string): void {
    if (after !== this.#stream) return;
    this.#stream = newStream();
    this.#sequence = 0;
    this.#collected = 0;
  }

  async #introduce(): Promise<void> {
    if (this.#isKnown) return;
    const { id, hostname, os } = outside;
    const now = nowUs();
    if ((await this.#o.hosts.get(id)) === undefined) await this.#o.hosts.add(id, { hostname, os }, now);
    // No agent: never connected, so nothing that agents are asked for waits for it.
    await this.#o.hosts.seen(id, now, false);
    this.#isKnown = true;
  }
}

function newStream(): string {
  return randomBytes(8).toString('hex');
}
