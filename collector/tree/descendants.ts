import { allOf, type Filter } from '#shared/filter/filter.ts';
import type { StoredEvent } from '../store/contract.ts';
import type { LeftOut } from './contract.ts';
import { addLeft, gather, isAmong, isNumber, isPresent, nothingLeft, ofTypes, type Scope } from './gather.ts';
import {
  type KnownProcess,
  keyOf,
  mayRunAt,
  numberOf,
  processOf,
  startTypes,
  tellEnd,
  textOf,
} from './process.ts';

/** Processes asked about in one search. */
const groupSize = 100;
/** More than any real depth. */
const maxDepth = 64;
/** Events of a process that says what it runs over and over are left out beyond this many for each on average. */
const eventsOfOne = 3;

export interface Descendants {
  readonly children: ReadonlyMap<string, readonly KnownProcess[]>;
  readonly all: readonly KnownProcess[];
  readonly left: LeftOut;
}

/** Children, their children and so on, level by level, until there are `most`; none of those `above` the root. */
export async function descendantsOf(
  scope: Scope,
  root: KnownProcess,
  above: readonly KnownProcess[],
  most: number,
): Promise<Descendants> {
  const children = new Map<string, KnownProcess[]>();
  const all: KnownProcess[] = [];
  const known = new Set([root, ...above].map(({ key }) => key));
  let left = nothingLeft;
  let level = [root];
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const next: KnownProcess[] = [];
    for (let i = 0; i < level.length; i += groupSize) {
      const group = level.slice(i, i + groupSize);
      const found = await startsUnder(scope, group, most);
      left = addLeft(left, { count: 0, isAtLeast: found.left.count > 0 || found.left.isAtLeast });
      for (const child of found.processes) {
        const parent = parentAmong(group, child);
        if (parent === undefined || known.has(child.key)) continue;
        if (all.length >= most) {
          // What these began in turn was not looked for.
          left = { count: left.count + 1, isAtLeast: true };
          continue;
        }
        known.add(child.key);
        all.push(child);
        children.set(parent.key, [...(children.get(parent.key) ?? []), child]);
        next.push(child);
      }
    }
    level = next;
  }
  await tellEnds(scope, all);
  return { children, all, left };
}

async function startsUnder(scope: Scope, parents: readonly KnownProcess[], most: number) {
  const { items, left } = await gather(
    scope,
    allOf(ofTypes(...startTypes), childOf(parents)),
    most * eventsOfOne,
  );
  const byKey = Map.groupBy(items, (stored) =>
    keyOf(textOf(stored, 'process.entity_id'), numberOf(stored, 'process.pid')),
  );
  const processes = [...byKey.values()].map(processOf).sort((a, b) => startOf(a) - startOf(b));
  return { processes, left };
}

export function startOf({ startedAt, source }: KnownProcess): number {
  return startedAt ?? source?.event.time ?? 0;
}

/** By the identity of the parent; where an event lacks it, by its pid. */
function childOf(parents: readonly KnownProcess[]): Filter {
  const ids = parents.flatMap(({ entityId }) => entityId ?? []);
  const pids = parents.flatMap(({ pid }) => pid ?? []);
  const lacksIdentity: Filter = { kind: 'not', of: isPresent('process.parent.entity_id') };
  const byPid = allOf(isNumber('process.parent.pid', pids), lacksIdentity);
  return { kind: 'any', of: [isAmong('process.parent.entity_id', ids), byPid] };
}

function parentAmong(parents: readonly KnownProcess[], child: KnownProcess): KnownProcess | undefined {
  const { parentEntityId, parentPid } = child;
  if (parentEntityId !== null) return parents.find(({ entityId }) => entityId === parentEntityId);
  return parents.find((parent) => parent.pid === parentPid && mayRunAt(parent, startOf(child)));
}

async function tellEnds(scope: Scope, processes: readonly KnownProcess[]): Promise<void> {
  const byEntity = new Map(processes.map((process) => [process.entityId, process]));
  const ids = processes.flatMap(({ entityId }) => entityId ?? []);
  for (let i = 0; i < ids.length; i += groupSize) {
    const group = ids.slice(i, i + groupSize);
    const isOne = allOf(ofTypes('process.end'), isAmong('process.entity_id', group));
    const ends: readonly StoredEvent[] = (await gather(scope, isOne, group.length)).items;
    for (const end of ends) {
      const process = byEntity.get(textOf(end, 'process.entity_id'));
      if (process !== undefined) tellEnd(process, end);
    }
  }
}
