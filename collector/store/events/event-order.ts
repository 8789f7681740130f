/** The order in which events are listed, the newest first, and places in it that hold while events come and move. */
import type { Filter } from '#shared/filter/filter.ts';
import { type EventPosition, eventId, parseEventId } from '#shared/protocol/event-id.ts';
import type { EventRow } from '#shared/schema/columns.ts';

/** An event without the name of its host, which stores of events do not know. */
export interface FoundEvent {
  readonly id: string;
  readonly hostId: string;
  readonly event: EventRow;
}

/** Right after an event; without `position` right before all events of that instant. */
export interface Place {
  readonly time: number;
  readonly position: EventPosition | null;
}

/** By time, then by where they come from: below 0 when `a` is listed before `b`. */
export function compareNewest(a: Place, b: Place): number {
  if (a.time !== b.time) return b.time - a.time;
  if (a.position === null || b.position === null)
    return Number(a.position !== null) - Number(b.position !== null);
  return -comparePositions(a.position, b.position);
}

export function comparePositions(a: EventPosition, b: EventPosition): number {
  if (a.hostId !== b.hostId) return a.hostId < b.hostId ? -1 : 1;
  if (a.stream !== b.stream) return a.stream < b.stream ? -1 : 1;
  return a.sequence - b.sequence || a.index - b.index;
}

/** A found event with its place. */
export interface PlacedEvent extends Place {
  readonly position: EventPosition;
  readonly event: EventRow;
}

export function foundOf({ position, event }: PlacedEvent): FoundEvent {
  return { id: eventId(position), hostId: position.hostId, event };
}

/** A place as a cursor. */
export function writePlace({ time, position }: Place): string {
  return position === null ? String(time) : `${time}~${eventId(position)}`;
}

/** Undefined for what `writePlace` did not write. */
export function readPlace(text: string): Place | undefined {
  const [, time, id] = /^(-?\d{1,16})(?:~(.+))?$/.exec(text) ?? [];
  if (time === undefined) return undefined;
  if (id === undefined) return { time: Number(time), position: null };
  const position = parseEventId(id);
  return position === undefined ? undefined : { time: Number(time), position };
}

/** What is asked of the journal and of segments alike. */
export interface NewestQuery {
  /** Its hosts by id. */
  readonly filter: Filter;
  /** Event time, inclusive. */
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  /** Only what is listed after this. */
  readonly after: Place | null;
}

export interface NewestPage {
  readonly items: readonly PlacedEvent[];
  /** Everything that is listed before this place, and the event at it, was looked at; null when all was. */
  readonly searchedTo: Place | null;
}

/** One page of two: what both have looked at, each event once. */
export function mergePages(a: NewestPage, b: NewestPage, limit: number): NewestPage {
  const horizon = nearer(a.searchedTo, b.searchedTo);
  const all = [...a.items, ...b.items].sort(compareNewest);
  const covered = all.filter(
    (item, i) =>
      (horizon === null || compareNewest(item, horizon) <= 0) &&
      (i === 0 || compareNewest(all[i - 1] as PlacedEvent, item) !== 0),
  );
  if (covered.length <= limit) return { items: covered, searchedTo: horizon };
  const items = covered.slice(0, limit);
  return { items, searchedTo: placeOf(items.at(-1) as PlacedEvent) };
}

function nearer(a: Place | null, b: Place | null): Place | null {
  if (a === null || b === null) return a ?? b;
  return compareNewest(a, b) <= 0 ? a : b;
}

export function placeOf({ time, position }: PlacedEvent): Place {
  return { time, position };
}
