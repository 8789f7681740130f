import type { ByteReader, ByteWriter } from '../bytes.ts';
import type { EventRing } from '../memory/event-ring.ts';
import type { Sources } from '../memory/sources.ts';

/** Writes the times and ids of a group's events, and of each what `more` adds. */
export function writeRing(
  ring: EventRing,
  group: number,
  out: ByteWriter,
  more: (at: number) => void = () => {},
): void {
  const size = ring.size(group);
  out.count(size);
  for (let at = 0; at < size; at++) {
    out.double(ring.timeAt(group, at));
    out.count(ring.sourceAt(group, at));
    out.count(ring.indexAt(group, at) + 1);
    more(at);
  }
}

/** Takes up what `writeRing` wrote. */
export function readRing(
  ring: EventRing,
  sources: Sources,
  group: number,
  from: ByteReader,
  sourceOf: (written: number) => string,
  more: (at: number) => void = () => {},
): void {
  const size = from.count();
  for (let i = 0; i < size; i++) {
    const time = from.double();
    const source = sources.hold(sourceOf(from.count()));
    more(ring.insert(group, time, source, from.count() - 1));
  }
}
