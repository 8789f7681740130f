import { fieldKey } from '../fields.ts';
import { instantMsOf } from '../value-tests/time-part.ts';
import type { FlatEvent } from './flatten.ts';

/** Where events of many makers say when they happened; the first that an event has counts. */
export const timeFields: readonly string[] = [
  'time',
  '@timestamp',
  'timestamp',
  'UtcTime',
  'Event.System.TimeCreated.#attributes.SystemTime',
  'eventTime',
  'ts',
  'TimeCreated',
];

/**
 * When an event happened, in microseconds since the Unix epoch, by the first of the fields it has; undefined when it
 * has none or that is no time. Takes what time modifiers take.
 */
export function eventTimeUs(event: FlatEvent, fields: readonly string[] = timeFields): number | undefined {
  for (const field of fields) {
    const text = event.get(fieldKey(field))?.[0];
    if (text === undefined) continue;
    const ms = instantMsOf(text);
    return ms === undefined ? undefined : Math.round(ms * 1000) + microsOf(text);
  }
  return undefined;
}

/** The fraction of a second in ISO text, which the instant leaves out; numbers have theirs already. */
function microsOf(text: string): number {
  const fraction = /:\d\d[.,](\d{1,9})/.exec(text)?.[1];
  return fraction === undefined ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6));
}
