/** Processes as they come together from events. */
import type { StoredEvent } from '../store/contract.ts';
import type { RunProgram, Sighting } from './contract.ts';

/** Events that say that a process came to be, or ran. */
export const startTypes = ['process.start', 'process.fork'];

/** What is known of a process; grows with each event that tells of it. */
export interface KnownProcess {
  readonly key: string;
  readonly pid: number | null;
  readonly entityId: string | null;
  name: string | null;
  user: string | null;
  sighting: Sighting;
  startedAt: number | null;
  endedAt: number | null;
  exitCode: number | null;
  parentPid: number | null;
  parentEntityId: string | null;
  readonly programs: RunProgram[];
  /** The event that told of it first, for what it says of the parent. */
  source: StoredEvent | null;
}

export const textOf = ({ event }: StoredEvent, field: string): string | null => {
  const value = event[field];
  return typeof value === 'string' && value !== '' ? value : null;
};
export const numberOf = ({ event }: StoredEvent, field: string): number | null => {
  const value = event[field];
  return typeof value === 'number' ? value : null;
};

/** The key of a process; those without an identity are told apart by pid. */
export function keyOf(entityId: string | null, pid: number | null): string {
  return entityId ?? `pid ${pid}`;
}

function emptyProcess(entityId: string | null, pid: number | null, sighting: Sighting): KnownProcess {
  return {
    key: keyOf(entityId, pid),
    pid,
    entityId,
    name: null,
    user: null,
    sighting,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    parentPid: null,
    parentEntityId: null,
    programs: [],
    source: null,
  };
}

function sightingOf(stored: StoredEvent): Sighting {
  if (stored.event['event.baseline'] === true) return 'running';
  if (stored.event.type === 'process.fork') return 'forked';
  return stored.event.type === 'process.start' ? 'started' : 'acted';
}

/** The process of events that all are of it, at least one. */
export function processOf(events: readonly StoredEvent[]): KnownProcess {
  const inOrder = events.toSorted((a, b) => a.event.time - b.event.time);
  const first = inOrder[0] as StoredEvent;
  const process = emptyProcess(
    textOf(first, 'process.entity_id'),
    numberOf(first, 'process.pid'),
    sightingOf(first),
  );
  for (const stored of inOrder) tell(process, stored);
  return process;
}

function tell(process: KnownProcess, stored: StoredEvent): void {
  process.source ??= stored;
  process.name = textOf(stored, 'process.name') ?? process.name;
  process.user = textOf(stored, 'user.name') ?? process.user;
  process.parentPid ??= numberOf(stored, 'process.parent.pid');
  process.parentEntityId ??= textOf(stored, 'process.parent.entity_id');
  const isStart = startTypes.includes(stored.event.type);
  if (isStart) process.startedAt ??= numberOf(stored, 'process.start');
  const executable = textOf(stored, 'process.executable');
  const commandLine = textOf(stored, 'process.command_line');
  const isNew = stored.event.type === 'process.start' || process.programs.length === 0;
  if (isNew && (executable !== null || commandLine !== null))
    process.programs.push({ at: stored.event.time, executable, commandLine, eventId: stored.id });
}

/** The parent as an event of its child tells of it; undefined when it says nothing. */
export function toldParent(child: KnownProcess): KnownProcess | undefined {
  const { source, parentPid, parentEntityId } = child;
  if (source === null || (parentEntityId === null && (parentPid === null || parentPid === 0)))
    return undefined;
  const process = emptyProcess(parentEntityId, parentPid, 'told');
  process.name = textOf(source, 'process.parent.name');
  const executable = textOf(source, 'process.parent.executable');
  const commandLine = textOf(source, 'process.parent.command_line');
  if (executable !== null || commandLine !== null)
    process.programs.push({ at: source.event.time, executable, commandLine, eventId: source.id });
  return process;
}

/** Takes over when and how a process ended. */
export function tellEnd(process: KnownProcess, end: StoredEvent): void {
  process.endedAt = numberOf(end, 'process.end') ?? end.event.time;
  process.exitCode = numberOf(end, 'process.exit_code');
}

/** Whether it may have run at an instant, as far as is known. */
export function mayRunAt({ startedAt, endedAt }: KnownProcess, at: number): boolean {
  return (startedAt === null || startedAt <= at) && (endedAt === null || at <= endedAt);
}
