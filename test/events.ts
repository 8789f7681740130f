import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';

/** An event that carries a number, so that a test can tell whether each arrived once. */
export function numbered(n: number): AnyEvent {
  return {
    type: 'package.state',
    time: 1_700_000_000_000_000 + n,
    'package.name': `n${n}`,
    'package.type': 'test',
  };
}

/** The same, at high priority. */
export function numberedHigh(n: number): AnyEvent {
  return {
    type: 'account.change',
    time: 1_700_000_000_000_000 + n,
    'event.action': 'user-added',
    'user.name': `n${n}`,
  };
}

/** The same, and one that the test's own rule is about. */
export function numberedAlarm(n: number): AnyEvent {
  return { ...numberedHigh(n), 'event.action': 'user-removed' } as AnyEvent;
}

export function batchOf(...events: readonly AnyEvent[]) {
  return encodeBatch(events as unknown as EventRow[]);
}
