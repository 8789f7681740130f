/** Which process is meant: by its identity, or by a pid and a time. */

import { fail, ok, type Result } from '#shared/errors.ts';
import { allOf, type Filter } from '#shared/filter/filter.ts';
import type { StoredEvent } from '../store/contract.ts';
import { gather, isAmong, isAtMost, isNumber, isPresent, newestOf, ofTypes, type Scope } from './gather.ts';
import { type KnownProcess, mayRunAt, numberOf, processOf, startTypes, tellEnd, textOf } from './process.ts';

/** Events of one process that are read to know it; one that calls exec more often shows the last. */
const maxOfOne = 50;

/** The first look of a sensor comes this much after the start it tells of, at most, where it is no baseline. */
const startSlackUs = 60_000_000;

/** The process of that identity; undefined when nothing tells of it. */
export async function byEntity(scope: Scope, entityId: string): Promise<KnownProcess | undefined> {
  const isIt = isAmong('process.entity_id', [entityId]);
  const last = await newestOf(scope, allOf(ofTypes(...startTypes), isIt));
  const found = last ?? (await newestOf(scope, isIt));
  if (found === undefined) return undefined;
  const process = processOf(last === undefined ? [found] : await startsUntil(scope, isIt, last));
  const endScope = { ...scope, since: Math.max(scope.endsSince, found.event.time) };
  const end = await newestOf(endScope, allOf(ofTypes('process.end'), isIt));
  if (end !== undefined) tellEnd(process, end);
  return process;
}

/** The start of a process and what it ran since, up to the last of them. */
async function startsUntil(scope: Scope, isIt: Filter, last: StoredEvent): Promise<readonly StoredEvent[]> {
  if (last.event['event.baseline'] === true) return [last];
  const since = Math.max(scope.since, startOf(last) - startSlackUs);
  const starts = allOf(ofTypes(...startTypes), isIt);
  return (await gather({ ...scope, since, until: last.event.time }, starts, maxOfOne)).items;
}

/** When the process of an event had started, as far as it says. */
const startOf = (stored: StoredEvent) => numberOf(stored, 'process.start') ?? stored.event.time;

/**
 * The process that had a pid at a time: the last one that started by then. Fails with `tree.no_process` when none did,
 * or when that one had ended.
 */
export async function byPid(scope: Scope, pid: number, at: number): Promise<Result<KnownProcess>> {
  const hadPid = isNumber('process.pid', [pid]);
  const started = allOf(ofTypes(...startTypes), hadPid, isAtMost('process.start', at));
  // Events come by the time of the event, which for what ran already at the first look is later than its start.
  const { items } = await gather(scope, started, maxOfOne);
  const last = items.toSorted((a, b) => startOf(b) - startOf(a))[0];
  if (last === undefined) return byDeed(scope, pid, at);
  const entityId = textOf(last, 'process.entity_id') as string;
  const whole = { ...scope, endsSince: scope.since };
  const process = (await byEntity(whole, entityId)) ?? processOf([last]);
  if (process.endedAt !== null && process.endedAt < at) {
    const when = new Date(process.endedAt / 1000).toISOString();
    return fail('tree.no_process', `The last process with pid ${pid} before then ended at ${when}.`);
  }
  return ok(process);
}

/** Longest time before and after an event for which it shows who had the pid. */
const nearUs = 60_000_000;
/** Processes that are looked at for that. */
const maxCandidates = 4;

/** The process that did something under the pid close to that time, where no start is known. */
async function byDeed(scope: Scope, pid: number, at: number): Promise<Result<KnownProcess>> {
  const near = {
    ...scope,
    since: Math.max(scope.since, at - nearUs),
    until: Math.min(scope.until, at + nearUs),
  };
  const did = allOf(isNumber('process.pid', [pid]), isPresent('process.entity_id'));
  const { items } = await gather(near, did, maxOfOne);
  const away = (stored: StoredEvent) => Math.abs(stored.event.time - at);
  const byNearness = items.toSorted((a, b) => away(a) - away(b));
  const ids = new Set(byNearness.map((stored) => textOf(stored, 'process.entity_id') as string));
  for (const id of [...ids].slice(0, maxCandidates)) {
    const process = await byEntity(scope, id);
    if (process !== undefined && mayRunAt(process, at)) return ok(process);
  }
  return fail('tree.no_process', `No event tells of a process with pid ${pid} then.`);
}
