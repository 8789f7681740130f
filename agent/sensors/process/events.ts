import type { EventByType } from '#shared/events/registry.gen.ts';
import type { ProcessEntry, ProcessFacts } from './table.ts';

/**
 * The event of a process that began or changed its program. `time` is the moment of the look for what was there
 * before and for later execs, whose own moment sampling does not know.
 */
export function startEvent(
  entry: ProcessEntry,
  facts: ProcessFacts,
  time: number,
  baseline: boolean,
  provider?: string,
): EventByType['process.start'] {
  const parent = entry.parent;
  return {
    type: 'process.start',
    time,
    'event.baseline': baseline || undefined,
    'event.provider': provider,
    'event.truncated': truncated(facts, parent),
    'process.pid': entry.pid,
    'process.entity_id': entry.entityId,
    'process.start': entry.startAt,
    'process.name': facts.name,
    'process.executable': facts.executable,
    'process.file_deleted': facts.fileDeleted || undefined,
    'process.command_line': facts.commandLine,
    'process.working_directory': facts.workingDirectory,
    'process.parent.pid': parent?.pid ?? facts.parentPid,
    'process.parent.entity_id': parent?.entityId,
    'process.parent.name': parent?.name,
    'process.parent.executable': parent?.executable,
    'process.parent.command_line': parent?.commandLine,
    'process.session_id': facts.sessionId,
    'process.tty': facts.tty,
    'user.id': facts.userId,
    'user.name': facts.userName,
    'user.real.id': facts.realUserId === facts.userId ? undefined : facts.realUserId,
    'user.audit.id': facts.surroundings?.auditUserId,
    'user.audit.name': facts.surroundings?.auditUserName,
    'process.args_count': facts.argumentCount,
    'process.capabilities': facts.capabilities,
    'process.namespaces': facts.surroundings?.namespaces,
    'process.cgroup': facts.surroundings?.cgroup,
    'process.fileless': facts.fileless || undefined,
    'process.hash.sha256': facts.sha256,
    'container.id': facts.surroundings?.containerId,
  };
}

function truncated(facts: ProcessFacts, parent: ProcessEntry | undefined): readonly string[] | undefined {
  const own = facts.commandLineCut ? ['process.command_line'] : [];
  const fields = parent?.commandLineCut ? [...own, 'process.parent.command_line'] : own;
  return fields.length === 0 ? undefined : fields;
}

export function forkEvent(entry: ProcessEntry): EventByType['process.fork'] {
  return {
    type: 'process.fork',
    time: entry.startAt,
    'event.provider': 'tracefs',
    'process.pid': entry.pid,
    'process.entity_id': entry.entityId,
    'process.start': entry.startAt,
    'process.name': entry.name,
    'process.executable': entry.executable,
    'process.parent.pid': entry.parentPid,
    'process.parent.entity_id': entry.parent?.entityId,
    'user.id': entry.userId,
    'user.name': entry.userName,
  };
}

export function endEvent(
  entry: ProcessEntry,
  endAt: number,
  exitCode: number | undefined,
  provider?: string,
): EventByType['process.end'] {
  return {
    type: 'process.end',
    time: endAt,
    'event.provider': provider,
    'process.pid': entry.pid,
    'process.entity_id': entry.entityId,
    'process.start': entry.startAt,
    'process.end': endAt,
    'process.name': entry.name,
    'process.executable': entry.executable,
    'process.exit_code': exitCode,
    'process.parent.pid': entry.parentPid,
    'user.name': entry.userName,
  };
}

/** The fields by which other events name a process; empty when it is not known. */
export function ownerFields(owner: ProcessEntry | undefined) {
  if (owner === undefined) return {};
  return {
    'event.truncated': owner.commandLineCut ? ['process.command_line'] : undefined,
    'process.entity_id': owner.entityId,
    'process.name': owner.name,
    'process.executable': owner.executable,
    'process.command_line': owner.commandLine,
    'process.parent.executable': owner.parent?.executable,
  };
}
