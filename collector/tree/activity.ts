import { allOf, type Filter } from '#shared/filter/filter.ts';
import type { StoredEvent } from '../store/contract.ts';
import type { LeftOut } from './contract.ts';
import { addLeft, gather, isAmong, isNumber, isPresent, nothingLeft, ofTypes, type Scope } from './gather.ts';
import { type KnownProcess, mayRunAt, numberOf, startTypes, textOf } from './process.ts';

const groupSize = 100;

export interface Activity {
  /** By key of the process, in the order of time. */
  readonly events: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly count: number;
  readonly left: LeftOut;
}

/** Connections, names asked for, files, logins and whatever else these processes did; the newest `most`. */
export async function activityOf(
  scope: Scope,
  processes: readonly KnownProcess[],
  most: number,
): Promise<Activity> {
  const events = new Map<string, StoredEvent[]>();
  let left = nothingLeft;
  let count = 0;
  for (let i = 0; i < processes.length; i += groupSize) {
    const group = processes.slice(i, i + groupSize);
    // With no room left this counts still.
    const found = await gather(scope, deedsOf(group), Math.max(1, most - count));
    for (const stored of found.items) {
      const actor = actorAmong(group, stored);
      if (actor === undefined) continue;
      if (count >= most) {
        left = addLeft(left, { count: 1, isAtLeast: false });
        continue;
      }
      events.set(actor.key, [...(events.get(actor.key) ?? []), stored]);
      count++;
    }
    left = addLeft(left, found.left);
  }
  for (const own of events.values()) own.sort((a, b) => a.event.time - b.event.time);
  return { events, count, left };
}

/** By the identity of the process; where an event lacks it, as those that are read from logs do, by its pid. */
function deedsOf(processes: readonly KnownProcess[]): Filter {
  const ids = processes.flatMap(({ entityId }) => entityId ?? []);
  const pids = processes.flatMap(({ pid }) => pid ?? []);
  const isLife = ofTypes(...startTypes, 'process.end');
  const lacksIdentity: Filter = { kind: 'not', of: isPresent('process.entity_id') };
  const byPid = allOf(isNumber('process.pid', pids), lacksIdentity);
  return allOf({ kind: 'not', of: isLife }, { kind: 'any', of: [isAmong('process.entity_id', ids), byPid] });
}

function actorAmong(processes: readonly KnownProcess[], stored: StoredEvent): KnownProcess | undefined {
  const entity = textOf(stored, 'process.entity_id');
  if (entity !== null) return processes.find(({ entityId }) => entityId === entity);
  const pid = numberOf(stored, 'process.pid');
  return processes.find((process) => process.pid === pid && mayRunAt(process, stored.event.time));
}
