import { setTimeout as sleep } from 'node:timers/promises';
import { type AnyEvent, type EventByType, type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { checkEvent } from '#shared/schema/validate.ts';

const patienceMs = 30_000;

/** Keeps what a sensor emits, and what of it breaks its declaration. */
export class Collected {
  readonly events: AnyEvent[] = [];
  readonly faults: string[] = [];
  readonly emit = (event: AnyEvent): void => {
    this.events.push(event);
    const fault = faultOf(event);
    if (fault !== undefined) this.faults.push(fault);
  };

  of<T extends EventType>(type: T): EventByType[T][] {
    return this.events.filter((event): event is EventByType[T] => event.type === type);
  }

  /** Waits for an event; rejects after half a minute. */
  async until<T extends EventType>(
    type: T,
    accept: (event: EventByType[T]) => boolean,
  ): Promise<EventByType[T]> {
    const endMs = Date.now() + patienceMs;
    for (;;) {
      const found = this.of(type).find(accept);
      if (found !== undefined) return found;
      if (Date.now() > endMs) throw new Error(`no such ${type} among ${this.of(type).length}`);
      await sleep(10);
    }
  }
}

/** What is wrong with an event; undefined when it is as declared. */
export function faultOf(event: AnyEvent): string | undefined {
  const checked = checkEvent(eventSpecs[event.type], event);
  return checked.ok ? undefined : checked.error.line;
}
