/** Puts the tree of a process together from stored events; every question it asks is of one host and a bounded time. */
import { VedetteError } from '#shared/errors.ts';
import type { AlertStore, EventReader, HostStore, StoredEvent } from '../store/contract.ts';
import { activityOf } from './activity.ts';
import type { LeftOut, ProcessTree, TreeBounds, TreeProcess, TreeSubject } from './contract.ts';
import { descendantsOf, startOf } from './descendants.ts';
import { byEntity, byPid } from './find-process.ts';
import { addLeft, isAmong, newestOf, type Scope } from './gather.ts';
import { ancestorsOf } from './lineage.ts';
import type { KnownProcess } from './process.ts';

export interface TreeDeps {
  readonly events: EventReader;
  readonly hosts: Pick<HostStore, 'list'>;
  readonly alerts: Pick<AlertStore, 'get'>;
  readonly now: () => number;
}

/** How far back the start of a process and of its ancestors is looked for. */
const lookbackUs = 31 * 86_400_000_000;

/** A process that is meant, before it is found. */
interface Meant {
  readonly hostId: string;
  readonly at: number;
  readonly entityId: string | null;
  readonly pid: number | null;
}

/** Rejects with `api.not_found`, `tree.no_process` or what the search rejects with. */
export async function processTree(
  deps: TreeDeps,
  subject: TreeSubject,
  bounds: TreeBounds,
): Promise<ProcessTree> {
  const meant = await meantBy(deps, subject);
  const { events } = deps;
  const { hostId, at } = meant;
  const since = at - bounds.rangeUs;
  const near: Scope = { events, hostId, since, until: at + bounds.rangeUs, endsSince: since };
  const far: Scope = { ...near, since: at - Math.max(lookbackUs, bounds.rangeUs) };
  const process = await find(far, meant);
  const ancestors = await ancestorsOf(far, process);
  const descendants = await descendantsOf(near, process, ancestors, bounds.maxProcesses);
  const own = await activityOf(near, [process, ...descendants.all], bounds.maxEvents);
  const above = await activityOf(near, ancestors, bounds.maxEvents - own.count);
  const done = new Map([...own.events, ...above.events]);
  const list = new Listing(done);
  list.add(ancestors, process, descendants.children);
  const hostName = (await deps.hosts.list()).find(({ id }) => id === hostId)?.hostname ?? 'unnamed';
  return {
    hostId,
    hostName,
    subjectKey: process.key,
    since: near.since,
    until: near.until,
    processes: list.processes,
    leftOut: { processes: descendants.left, events: addLeft(own.left, above.left) satisfies LeftOut },
  };
}

async function meantBy(deps: TreeDeps, subject: TreeSubject): Promise<Meant> {
  switch (subject.by) {
    case 'alert': {
      const alert = await deps.alerts.get(subject.id);
      if (alert === undefined) throw new VedetteError('api.not_found', `There is no alert ${subject.id}.`);
      const { event, hostId } = alert;
      const entityId = event['process.entity_id'];
      const pid = event['process.pid'];
      if (typeof entityId !== 'string' && typeof pid !== 'number')
        throw new VedetteError('tree.no_process', `The event of alert ${subject.id} names no process.`);
      return {
        hostId,
        at: event.time,
        entityId: typeof entityId === 'string' ? entityId : null,
        pid: typeof pid === 'number' ? pid : null,
      };
    }
    case 'pid':
      return {
        hostId: await hostIdOf(deps, subject.host),
        at: subject.at,
        entityId: null,
        pid: subject.pid,
      };
    case 'entity':
      return meantByEntity(deps, subject);
  }
}

async function meantByEntity(
  deps: TreeDeps,
  subject: TreeSubject & { readonly by: 'entity' },
): Promise<Meant> {
  const hostId = subject.host === undefined ? undefined : await hostIdOf(deps, subject.host);
  if (hostId !== undefined && subject.at !== undefined)
    return { hostId, at: subject.at, entityId: subject.id, pid: null };
  const until = subject.at === undefined ? deps.now() : subject.at + lookbackUs;
  const since = (subject.at ?? until) - lookbackUs;
  const isIt = isAmong('process.entity_id', [subject.id]);
  const found = await newestOf({ events: deps.events, hostId, since, until, endsSince: since }, isIt);
  if (found === undefined)
    throw new VedetteError('tree.no_process', `No event of the last 31 days tells of ${subject.id}.`);
  return { hostId: found.hostId, at: found.event.time, entityId: subject.id, pid: null };
}

async function hostIdOf({ hosts }: TreeDeps, host: string): Promise<string> {
  const all = await hosts.list();
  const named = all.filter(
    ({ id, hostname }) => id === host || hostname.toLowerCase() === host.toLowerCase(),
  );
  const exact = named.find(({ id }) => id === host) ?? named[0];
  if (exact === undefined) throw new VedetteError('api.not_found', `There is no host ${host}.`);
  if (named.length > 1 && exact.id !== host)
    throw new VedetteError('api.not_found', `${named.length} hosts are called ${host}; name one by its id.`);
  return exact.id;
}

async function find(scope: Scope, { entityId, pid, at }: Meant): Promise<KnownProcess> {
  const known = entityId === null ? undefined : await byEntity(scope, entityId);
  if (known !== undefined) return known;
  if (pid === null) throw new VedetteError('tree.no_process', `No event tells of ${entityId}.`);
  const found = await byPid(scope, pid, at);
  if (!found.ok) throw found.error;
  return found.value;
}

/** Processes in the order they are shown in. */
class Listing {
  readonly processes: TreeProcess[] = [];
  readonly #events: ReadonlyMap<string, readonly StoredEvent[]>;

  constructor(events: ReadonlyMap<string, readonly StoredEvent[]>) {
    this.#events = events;
  }

  add(
    ancestors: readonly KnownProcess[],
    subject: KnownProcess,
    children: ReadonlyMap<string, readonly KnownProcess[]>,
  ): void {
    const above = ancestors.toReversed();
    for (const [depth, process] of above.entries()) this.#put(process, above[depth - 1], 'ancestor', depth);
    this.#put(subject, above.at(-1), 'subject', above.length);
    const below = (parent: KnownProcess, depth: number) => {
      const own = (children.get(parent.key) ?? []).toSorted((a, b) => startOf(a) - startOf(b));
      for (const child of own) {
        this.#put(child, parent, 'descendant', depth);
        below(child, depth + 1);
      }
    };
    below(subject, above.length + 1);
  }

  #put(
    process: KnownProcess,
    parent: KnownProcess | undefined,
    relation: TreeProcess['relation'],
    depth: number,
  ): void {
    const { key, pid, entityId, name, user, sighting, startedAt, endedAt, exitCode, programs } = process;
    const parentKey = parent?.key ?? null;
    const events = this.#events.get(key) ?? [];
    const known = {
      key,
      pid,
      entityId,
      name,
      user,
      sighting,
      startedAt,
      endedAt,
      exitCode,
      programs,
      events,
    };
    this.processes.push({ ...known, parentKey, relation, depth });
  }
}
