import type { AnyEvent, EventByType, EventType } from '#shared/events/registry.gen.ts';
import { type Bounds, boundsOf } from '../../../../agent/sensors/packet/bounds.ts';
import { linkTypes } from '../../../../agent/sensors/packet/decode/link-layer.ts';
import { defaultPacketSettings } from '../../../../agent/sensors/packet/settings.ts';
import { Traffic } from '../../../../agent/sensors/packet/traffic.ts';
import { faultOf } from '../collected.ts';
import { type Frame, timed } from './captures.ts';

export interface Replayed {
  readonly events: readonly AnyEvent[];
  readonly faults: readonly string[];
  readonly traffic: Traffic;
  of<T extends EventType>(type: T): EventByType[T][];
}

/** What becomes of frames, given one after the other. */
export function replayed(
  frames: readonly Frame[] | readonly Buffer[],
  bounds: Partial<Bounds> = {},
  linkType: number = linkTypes.ethernet,
): Replayed {
  const events: AnyEvent[] = [];
  const traffic = new Traffic({
    bounds: { ...boundsOf(defaultPacketSettings), ...bounds },
    isComplete: true,
    onTold: (event) => events.push(event),
  });
  const all = frames.every((frame) => Buffer.isBuffer(frame)) ? timed(frames) : (frames as readonly Frame[]);
  for (const { bytes, timeUs, wireLength } of all) {
    traffic.take(bytes, 0, bytes.length, wireLength ?? bytes.length, timeUs, linkType);
  }
  traffic.close();
  return {
    events,
    faults: events.map(faultOf).filter((fault) => fault !== undefined),
    traffic,
    of: <T extends EventType>(type: T) =>
      events.filter((event): event is EventByType[T] => event.type === type),
  };
}
