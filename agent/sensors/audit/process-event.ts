import { hash } from 'node:crypto';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { processEntityId } from '../linux/boot.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { AuditAct } from './act.ts';

const programCalls = new Set(['execve', 'execveat']);
/** Microseconds in a tick of a process's start time, as in /proc. */
const tickUs = 10_000;

/**
 * The program that an act began, when /proc does not show it any more or never did: what the process sensor can see
 * it tells itself, with more. A process that nobody saw has its identity from the moment of the call, which is that of
 * /proc when the call came within the same hundredth of a second as the process.
 */
export function processEvent(act: AuditAct, host: LinuxHost): EventByType['process.start'] | undefined {
  const { pid, parentPid, callName = '', succeeded, event, comm } = act;
  if (!succeeded || !programCalls.has(callName) || pid === undefined || comm === undefined) return undefined;
  const seen = host.reader.observe(pid);
  if (seen !== undefined && seen.executable === act.exe) return undefined;
  const before = seen ?? host.processes.recent(pid);
  const parent = parentPid === undefined ? undefined : host.processes.recent(parentPid);
  const ticks = Math.max(0, Math.floor((event.at - host.boot.at) / tickUs));
  return {
    type: 'process.start',
    time: event.at,
    'event.provider': 'auditd',
    'process.pid': pid,
    'process.entity_id': before?.entityId ?? processEntityId(host.boot.id, pid, ticks),
    'process.start': before?.startAt ?? event.at,
    'process.name': comm,
    'process.executable': act.exe,
    'process.command_line': act.commandLine,
    'process.working_directory': act.cwd,
    'process.parent.pid': parentPid,
    'process.parent.entity_id': parent?.entityId,
    'process.parent.name': parent?.name,
    'process.parent.executable': parent?.executable,
    'process.parent.command_line': parent?.commandLine,
    'user.id': act.userId,
    'user.name': host.users.nameOf(act.userId),
  };
}

/** Identity of what has none of its own, within this boot. */
export function actId(bootId: string, act: AuditAct): string {
  return hash('sha256', `${bootId} audit ${act.event.at}:${act.event.serial}`).slice(0, 20);
}
