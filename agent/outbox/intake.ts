import { nowUs } from '#shared/clock.ts';
import { type AnyEvent, type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { maxBodyBytes } from '#shared/protocol/codec/decode.ts';
import { type EncodedBatch, encodeBatch } from '#shared/protocol/codec/encode.ts';
import { maxFrameBytes } from '#shared/protocol/frames.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, type Priority, priorities } from '#shared/schema/spec.ts';
import { checkEvent } from '#shared/schema/validate.ts';
import { type LossReason, lossEvent } from './loss.ts';
import type { Entry, Outbox } from './outbox.ts';

/** Where a batch is kept, and its bytes. */
export interface PlacedBatch {
  readonly stream: string;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** Rules that run here; see agent/edge/. Never throws. */
export interface EdgePort {
  /** Whether any rule matches any of the events. */
  matches(rows: readonly EventRow[]): boolean;
  /** The alerts that the events of a batch raise, as events. */
  alertsOf(batch: PlacedBatch): readonly AnyEvent[];
}

export interface IntakeOptions {
  readonly outbox: Outbox;
  readonly edge?: EdgePort;
  /** A batch is closed at this many events. */
  readonly batchEvents: number;
  /** Longest an event of each priority waits for its batch to close. */
  readonly flushMs: Readonly<Record<Priority, number>>;
  /** Most events held in memory while the outbox cannot write; more are given up and counted. */
  readonly queueEvents: number;
  /** Called after something was kept. */
  readonly onKept: () => void;
  /** Called when the outbox refuses, once per outage, and with undefined when it works again. */
  readonly onDiskError: (error: Error | undefined) => void;
}

/**
 * Least time between batches that are closed for an alert before their time. Alerts that come faster wait for it, so that
 * a rule that matches everything does not make a batch of every event.
 */
const alertSpacingMs = 50;
/** Time between attempts while the outbox refuses. */
const retryMs = 1000;
/** Events in a batch that tell of a busy host: its batches are closed later, because each costs as much as many events. */
const busyEvents = 20;
export const busyFactor = 2;
/** Half of what a frame and a body may have, so that no batch the agent makes can be refused for its size. */
const maxDataBytes = maxFrameBytes / 2;
const maxPlainBytes = maxBodyBytes / 2;

/** The losses and as many of the rows, from the first, as fit into one batch with them. */
function encodeFitting(losses: readonly EventRow[], rows: readonly EventRow[]): EncodedBatch {
  const batch = encodeBatch([...losses, ...rows]);
  const fits = batch.data.length <= maxDataBytes && batch.bodyBytes <= maxPlainBytes;
  return fits || rows.length <= 1 ? batch : encodeFitting(losses, rows.slice(0, Math.ceil(rows.length / 2)));
}

/** A `loss` event stands for the events it declares, any other for itself. */
function accountsFor(event: Readonly<Record<string, unknown>>): number {
  return event['type'] === 'loss' ? Number(event['loss.count']) || 0 : 1;
}

interface Losses {
  counts: Record<string, number>;
  from: number;
  to: number;
}

/** What is to be kept together: a batch and the alerts it raises. */
interface Prepared {
  readonly entries: readonly Entry[];
  /** Rows of the queue that are in it. */
  readonly taken: number;
}

class Queue {
  rows: EventRow[] = [];
  timer: NodeJS.Timeout | undefined;
  /** Rows from the first that rules have seen, and whether any matched. */
  seen = 0;
  isMatched = false;
  /** What the outbox has not taken yet: tried again as it is, since its events were counted. */
  prepared: Prepared | undefined;
  /** When a batch with a match was last closed. */
  matchedMs = Number.NEGATIVE_INFINITY;
  /** Many events came while the last batch was open. */
  isBusy = false;
  readonly losses = new Map<LossReason, Losses>();

  lose(type: string, reason: LossReason): void {
    const now = nowUs();
    let losses = this.losses.get(reason);
    if (losses === undefined) {
      losses = { counts: {}, from: now, to: now };
      this.losses.set(reason, losses);
    }
    losses.counts[type] = (losses.counts[type] ?? 0) + 1;
    losses.to = now;
  }

  lossEvents(): EventRow[] {
    const events = [...this.losses].map(([reason, l]) => lossEvent(l.counts, reason, l.from, l.to));
    return events as unknown as EventRow[];
  }
}

/** Where sensors' events enter: checked, queued by priority, encoded once and kept in the outbox. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #queues: Readonly<Record<Priority, Queue>> = {
    alert: new Queue(),
    high: new Queue(),
    normal: new Queue(),
  };
  /** Set while the outbox refuses: when it is tried again. */
  #retry: NodeJS.Timeout | undefined;
  #isFailing = false;
  #looking: NodeJS.Immediate | undefined;

  /** Events at which a batch is closed; the queue may be set smaller than a batch. */
  readonly #closeAt: number;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#closeAt = Math.min(options.batchEvents, options.queueEvents);
  }

  /** Takes an event; never throws. */
  readonly emit = (event: AnyEvent): void => {
    const spec: EventSpec | undefined = eventSpecs[event.type as EventType];
    const priority = spec?.priority ?? 'normal';
    const queue = this.#queues[priority];
    const checked = spec === undefined ? undefined : checkEvent(spec, event);
    if (checked === undefined || !checked.ok) queue.lose(event.type, 'invalid');
    else if (queue.rows.length >= this.#options.queueEvents) queue.lose(event.type, 'queue-full');
    else queue.rows.push(checked.value);
    if (this.#isFailing) return;
    if (queue.rows.length >= this.#closeAt) this.#close([priority]);
    else queue.timer ??= setTimeout(() => this.#close([priority]), this.#waitMs(priority));
    if (this.#options.edge !== undefined) this.#looking ??= setImmediate(this.#look);
  };

  /** Shows rules what came in this turn of the event loop; what matches does not wait for its batch to fill. */
  readonly #look = (): void => {
    this.#looking = undefined;
    for (const priority of priorities) {
      const queue = this.#queues[priority];
      const isClosing = queue.isMatched;
      if (!this.#show(queue) || isClosing || this.#isFailing) continue;
      const waitMs = queue.matchedMs + alertSpacingMs - performance.now();
      clearTimeout(queue.timer);
      if (waitMs > 0) queue.timer = setTimeout(() => this.#close([priority]), waitMs);
      else this.#close([priority]);
    }
  };

  /** Whether rules match something among what they had not seen. */
  #show(queue: Queue): boolean {
    const { edge } = this.#options;
    if (edge === undefined || queue.seen === queue.rows.length) return false;
    const isMatch = edge.matches(queue.rows.slice(queue.seen));
    queue.seen = queue.rows.length;
    queue.isMatched ||= isMatch;
    return isMatch;
  }

  #waitMs(priority: Priority): number {
    return this.#options.flushMs[priority] * (this.#queues[priority].isBusy ? busyFactor : 1);
  }

  /** Closes the open batches into the outbox. When that fails they stay, and it is tried again. */
  flush(): void {
    this.#close(priorities);
  }

  #close(which: readonly Priority[]): void {
    clearTimeout(this.#retry);
    try {
      for (const priority of which) this.#closeQueue(priority);
      if (this.#isFailing) this.#options.onDiskError(undefined);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.onDiskError(error as Error);
      this.#isFailing = true;
      this.#retry = setTimeout(() => this.flush(), Math.max(retryMs, this.#options.flushMs.high));
    }
  }

  #closeQueue(priority: Priority): void {
    const queue = this.#queues[priority];
    clearTimeout(queue.timer);
    queue.timer = undefined;
    queue.isBusy = queue.rows.length >= busyEvents;
    while (queue.prepared !== undefined || queue.rows.length > 0 || queue.losses.size > 0) {
      queue.prepared ??= this.#prepare(priority, queue);
      this.#options.outbox.appendTogether(queue.prepared.entries);
      queue.rows.splice(0, queue.prepared.taken);
      queue.seen -= queue.prepared.taken;
      queue.prepared = undefined;
      this.#options.onKept();
    }
    if (queue.isMatched) queue.matchedMs = performance.now();
    queue.isMatched = false;
  }

  #prepare(priority: Priority, queue: Queue): Prepared {
    this.#show(queue);
    const losses = queue.lossEvents();
    const batch = encodeFitting(losses, queue.rows.slice(0, this.#options.batchEvents));
    const taken = batch.count - losses.length;
    const collected = [...losses, ...queue.rows.slice(0, taken)].reduce(
      (sum, row) => sum + accountsFor(row),
      0,
    );
    queue.losses.clear();
    const { edge, outbox } = this.#options;
    const alerts =
      edge !== undefined && queue.isMatched
        ? edge.alertsOf({ ...outbox.nextPlace(priority), data: batch.data })
        : [];
    return { entries: [{ priority, batch, collected }, ...this.#alertEntries(alerts)], taken };
  }

  /** Batches of alerts; what is no sound event is counted as lost. */
  #alertEntries(alerts: readonly AnyEvent[]): readonly Entry[] {
    const rows = alerts.flatMap((alert) => {
      const checked = checkEvent(eventSpecs[alert.type], alert);
      if (checked.ok) return checked.value;
      const queue = this.#queues.alert;
      queue.lose(alert.type, 'invalid');
      queue.timer ??= setTimeout(() => this.#close(['alert']), this.#waitMs('alert'));
      return [];
    });
    const entries: Entry[] = [];
    for (let at = 0; at < rows.length; ) {
      const batch = encodeFitting([], rows.slice(at));
      entries.push({ priority: 'alert', batch, collected: batch.count });
      at += batch.count;
    }
    return entries;
  }

  /** Stops the timers after a last flush. */
  close(): void {
    clearImmediate(this.#looking);
    this.flush();
    clearTimeout(this.#retry);
    for (const queue of Object.values(this.#queues)) clearTimeout(queue.timer);
  }
}
