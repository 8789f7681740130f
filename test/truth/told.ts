import { isDeepStrictEqual } from 'node:util';
import type { AnyEvent, EventByType, EventType } from '#shared/events/registry.gen.ts';

/** What a field must hold: a value, a text that matches, or whatever a check accepts. */
export type Expected = string | number | boolean | readonly string[] | RegExp | Check | Maybe;
/** Asked when the events are there, so that it may compare with other events. */
export type Check = (value: unknown) => boolean;

/** The field may be absent; if it is there it must hold this. */
export class Maybe {
  readonly expected: Exclude<Expected, Maybe>;

  constructor(expected: Exclude<Expected, Maybe>) {
    this.expected = expected;
  }
}

export function maybe(expected: Exclude<Expected, Maybe>): Maybe {
  return new Maybe(expected);
}

export type Fields<T extends EventType> = {
  readonly [K in Exclude<keyof EventByType[T], 'type'>]?: Expected;
};

/**
 * All that must be told about one thing: every event of the type that holds what `about` says, no more and no fewer,
 * each with exactly these fields.
 */
export interface Account<T extends EventType = EventType> {
  readonly type: T;
  readonly about: (event: EventByType[T]) => boolean;
  /** Every field but the type; `time` within the act unless it is given. */
  readonly events: readonly Fields<T>[];
}

/** Keeps the type of the fields, and forgets which event it is about, so that accounts of all types fit in one list. */
export function account<T extends EventType>(
  type: T,
  about: Partial<EventByType[T]> | ((event: EventByType[T]) => boolean),
  ...events: readonly Fields<T>[]
): Account {
  const isAbout =
    typeof about === 'function'
      ? about
      : (event: EventByType[T]) =>
          Object.entries(about).every(([name, value]) =>
            isDeepStrictEqual((event as Record<string, unknown>)[name], value),
          );
  return { type, about: isAbout, events } as unknown as Account;
}

/** The events an account is about, among all that were told. */
export function eventsAbout({ type, about }: Account, events: readonly AnyEvent[]): AnyEvent[] {
  return events.filter((event) => event.type === type && about(event as never));
}

/** Microseconds since the epoch within which the time of events must be. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** How one event differs from what it should be, field by field; empty when it does not. */
export function differences(event: AnyEvent, fields: Fields<EventType>, span: Span): string[] {
  const expected: Record<string, Expected | undefined> = {
    time: (time) => Number(time) >= span.from && Number(time) <= span.to,
    ...fields,
  };
  const held: Record<string, unknown> = { ...event };
  delete held['type'];
  const names = new Set([...Object.keys(held), ...Object.keys(expected)]);
  return [...names].flatMap((name) => difference(name, held[name], expected[name]));
}

function difference(name: string, value: unknown, expected: Expected | undefined): string[] {
  if (expected instanceof Maybe) {
    return value === undefined ? [] : difference(name, value, expected.expected);
  }
  return holds(value, expected) ? [] : [`${name} is ${JSON.stringify(value)}, not ${shown(expected)}`];
}

function holds(value: unknown, expected: Exclude<Expected, Maybe> | undefined): boolean {
  if (expected === undefined || value === undefined) return value === expected;
  if (typeof expected === 'function') return expected(value);
  if (expected instanceof RegExp) return typeof value === 'string' && expected.test(value);
  return isDeepStrictEqual(value, expected);
}

function shown(expected: Exclude<Expected, Maybe> | undefined): string {
  if (expected === undefined) return 'absent';
  if (typeof expected === 'function') return `as ${expected.toString().slice(0, 120)} has it`;
  return expected instanceof RegExp ? expected.toString() : JSON.stringify(expected);
}

/**
 * How the events told differ from the account; empty when there is one event for each that must be, and each is as it
 * must be. The order does not matter: each is held against the one that fits it best.
 */
export function faultsOf(of: Account, told: readonly AnyEvent[], span: Span): string[] {
  const left = eventsAbout(of, told);
  const faults: string[] = [];
  for (const fields of of.events) {
    const ranked = left
      .map((event) => ({ event, differs: differences(event, fields, span) }))
      .sort((a, b) => a.differs.length - b.differs.length);
    const [best] = ranked;
    if (best === undefined) {
      faults.push(`${of.type}: none for ${shownFields(fields)}`);
      continue;
    }
    left.splice(left.indexOf(best.event), 1);
    faults.push(...best.differs.map((text) => `${of.type}: ${text}`));
  }
  return [...faults, ...left.map((event) => `${of.type}: too many: ${JSON.stringify(event)}`)];
}

function shownFields(fields: Fields<EventType>): string {
  return JSON.stringify(fields, (_, value) => (value instanceof RegExp ? value.toString() : value));
}
