import { nowUs } from '#shared/clock.ts';
import { type AnyEvent, type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { maxBodyBytes } from '#shared/protocol/codec/decode.ts';
import { type EncodedBatch, encodeBatch } from '#shared/protocol/codec/encode.ts';
import { maxFrameBytes } from '#shared/protocol/frames.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, type Priority, priorities } from '#shared/schema/spec.ts';
import { checkEvent } from '#shared/schema/validate.ts';
import { type LossReason, lossEvent } from './loss.ts';
import type { Outbox } from './outbox.ts';

export interface IntakeOptions {
  readonly outbox: Outbox;
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

class Queue {
  rows: EventRow[] = [];
  timer: NodeJS.Timeout | undefined;
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
  };

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
    while (queue.rows.length > 0 || queue.losses.size > 0) {
      const losses = queue.lossEvents();
      const batch = encodeFitting(losses, queue.rows.slice(0, this.#options.batchEvents));
      const taken = queue.rows.slice(0, batch.count - losses.length);
      const collected = [...losses, ...taken].reduce((sum, row) => sum + accountsFor(row), 0);
      this.#options.outbox.append(priority, batch, collected);
      queue.rows.splice(0, taken.length);
      queue.losses.clear();
      this.#options.onKept();
    }
  }

  /** Stops the timers after a last flush. */
  close(): void {
    this.flush();
    clearTimeout(this.#retry);
    for (const queue of Object.values(this.#queues)) clearTimeout(queue.timer);
  }
}
