/** Batches of made-up events as the collector takes them, at even times, with what only one of them has. */
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { recordOf } from '../../../collector/ingest/record.ts';
import type { BatchRecord } from '../../../collector/store/journal/contract.ts';
import { randomOf, sampleEvents } from '../sample-events.ts';
import { planted } from './hunts.ts';

export const batchSize = 500;

export interface BatchPlan {
  readonly events: number;
  readonly hosts: number;
  readonly seed: number;
  /** Microseconds: the time of the first event, and how long all of them take. */
  readonly from: number;
  readonly spanUs: number;
}

export class Batches {
  readonly #plan: BatchPlan;
  readonly #random: () => number;
  readonly #positions = new Map<string, { sequence: number; collected: number }>();

  constructor(plan: BatchPlan) {
    this.#plan = plan;
    this.#random = randomOf(plan.seed);
  }

  hostOf(n: number): string {
    return (n % this.#plan.hosts).toString(16).padStart(16, '0');
  }

  timeOf(n: number): number {
    const { from, spanUs, events } = this.#plan;
    return from + (n * batchSize * spanUs) / events;
  }

  /** The events of batch `n`. */
  eventsOf(n: number): EventRow[] {
    const events = this.sample(this.timeOf(n));
    if (n !== Math.floor(this.#plan.events / batchSize / 3)) return events;
    const start = events.findIndex(({ type }) => type === 'process.start');
    const connection = events.findIndex(({ type }) => type === 'network.connection');
    return events.map((event, i) => {
      if (i === start)
        return {
          ...event,
          'process.entity_id': planted.entity,
          'process.command_line': `sh ${planted.word}`,
        };
      return i === connection ? { ...event, 'destination.ip': planted.address } : event;
    });
  }

  sample(at: number): EventRow[] {
    return sampleEvents(this.#random, batchSize, at) as unknown as EventRow[];
  }

  /** As the agent encodes them. */
  bodyOf(events: readonly EventRow[]): Uint8Array {
    return encodeBatch(events).data;
  }

  /** What the collector makes of a body. */
  recordOf(host: string, data: Uint8Array, receivedAt: number): BatchRecord {
    const decoded = decodeBatch(data);
    if (!decoded.ok) throw decoded.error;
    const before = this.#positions.get(host) ?? { sequence: 0, collected: 0 };
    const position = { sequence: before.sequence + 1, collected: before.collected + batchSize };
    this.#positions.set(host, position);
    const header = { hostId: host, stream: host, ...position, receivedAt, data };
    const record = recordOf(header as never, decoded.value);
    if (!record.ok) throw record.error;
    return record.value;
  }
}
