import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';

/** A burst may have as many events as so many seconds. */
const burstSeconds = 4;

/** What was lost, until it is declared. */
interface Losses {
  readonly counts: Map<string, number>;
  readonly from: number;
  to: number;
}

/** Bounds how many events a second are told, and keeps account of what is not told and of packets that were missed. */
export class EventRate {
  readonly #perSecond: number;
  #room: number;
  #filledAtMs: number;
  #shed: Losses | undefined;
  #missed: Losses | undefined;
  shedEvents = 0;
  missedPackets = 0;

  /** `nowMs` of a clock that never goes back. */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#room = perSecond * burstSeconds;
    this.#filledAtMs = nowMs;
  }

  get lost(): number {
    return this.shedEvents + this.missedPackets;
  }

  /** Room for what came since the last call. */
  refill(nowMs: number): void {
    const more = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#filledAtMs = nowMs;
    this.#room = Math.min(this.#perSecond * burstSeconds, this.#room + more);
  }

  /** False when the event has no room; it is counted as lost. */
  admit(type: string): boolean {
    if (this.#room >= 1) {
      this.#room--;
      return true;
    }
    this.#shed = add(this.#shed, type, 1);
    this.shedEvents++;
    return false;
  }

  /** Counts packets that came and were not looked at. */
  miss(packets: number): void {
    if (packets <= 0) return;
    this.#missed = add(this.#missed, '', packets);
    this.missedPackets += packets;
  }

  /** The losses since the last call. Of missed packets nobody knows what events they would have made, so no types. */
  declare(): EventByType['loss'][] {
    const events: EventByType['loss'][] = [];
    if (this.#shed !== undefined) {
      const types = [...this.#shed.counts].map(([type, count]) => `${type}=${count}`);
      events.push({ ...lossEvent(this.#shed), 'loss.types': types });
    }
    if (this.#missed !== undefined) events.push(lossEvent(this.#missed));
    this.#shed = undefined;
    this.#missed = undefined;
    return events;
  }
}

function add(losses: Losses | undefined, type: string, count: number): Losses {
  const now = nowUs();
  const sum = losses ?? { counts: new Map(), from: now, to: now };
  sum.counts.set(type, (sum.counts.get(type) ?? 0) + count);
  sum.to = now;
  return sum;
}

function lossEvent({ counts, from, to }: Losses): EventByType['loss'] {
  let count = 0;
  for (const each of counts.values()) count += each;
  return {
    type: 'loss',
    time: nowUs(),
    'loss.count': count,
    'loss.reason': 'sensor-overrun',
    'loss.from': from,
    'loss.to': to,
    'loss.sensor': 'packet',
  };
}
