import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { programPath } from './actors.ts';
import type { Stage } from './stage.ts';
import { type Fields, maybe } from './told.ts';

/** How programs that were begun here are told of. */

export const sh = '/bin/sh';
export const cat = '/bin/cat';
export const shell = programPath('sh');
export const catFile = programPath('cat');
export const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
export const identity = /^[0-9a-f]{20}$/;

/** What every program begun by this process, and by nobody else, says of where it comes from. */
export function begunHere(stage: Stage, pid: number): Fields<'process.start'> {
  const { self } = stage;
  return {
    'event.provider': 'tracefs',
    'process.pid': pid,
    'process.entity_id': identity,
    'process.start': (at) => Math.abs(Number(at) - Date.now() * 1000) < 60e6,
    'process.working_directory': process.cwd(),
    'process.parent.pid': self.pid,
    'process.parent.entity_id': (id) => id === stage.entityOf(self.pid),
    'process.parent.name': self.name,
    'process.parent.executable': self.executable,
    'process.parent.command_line': self.commandLine,
    'process.session_id': self.sessionId,
    'process.tty': maybe(/^(?:pts\/|tty)/),
    'process.cgroup': self.cgroup,
    // All of it is handed down.
    'process.capabilities': (names) =>
      isDeepStrictEqual(names, startOf(stage, self.pid)?.['process.capabilities']),
    'container.id': maybe((id) => id === startOf(stage, self.pid)?.['container.id']),
    'user.audit.id': maybe(self.loginUserId),
    'user.audit.name': maybe(/./),
    'user.id': '0',
    'user.name': 'root',
  };
}

/** The end of a process that began here; `name` and `executable` of what it ran last. */
export function ended(
  stage: Stage,
  pid: number,
  fields: Pick<Fields<'process.end'>, 'process.name' | 'process.executable' | 'process.exit_code'>,
): Fields<'process.end'> {
  return {
    'event.provider': 'tracefs',
    'process.pid': pid,
    'process.entity_id': (id) => id === stage.entityOf(pid),
    'process.start': (at) => at === startOf(stage, pid)?.['process.start'],
    'process.end': (at) => Number(at) > 0,
    'process.parent.pid': stage.self.pid,
    'user.name': 'root',
    ...fields,
  };
}

function startOf(stage: Stage, pid: number): EventByType['process.start'] | undefined {
  return stage.got.of('process.start').find((event) => event['process.pid'] === pid);
}

/** The start of a program that stays for as long as it takes to read all of it. */
export function start(
  stage: Stage,
  pid: number,
  name: string,
  executable: string,
  commandLine: string,
  args: number,
): Fields<'process.start'> {
  return {
    ...begunHere(stage, pid),
    'process.name': name,
    'process.executable': executable,
    'process.command_line': commandLine,
    'process.args_count': args,
    'process.hash.sha256': maybe(sha256(executable)),
  };
}

/**
 * The start of a program that goes on with the next one at once. Its file and its user are its own; what else is
 * read from /proc after that is of the next one.
 */
export function passingStart(stage: Stage, pid: number, executable: string, args: readonly string[]) {
  const name = executable.slice(executable.lastIndexOf('/') + 1);
  const commandLine = [executable, ...args].join(' ');
  return {
    ...start(stage, pid, name, executable, commandLine, 1 + args.length),
    'process.capabilities': maybe((names) => (names as string[])[0] === 'all'),
    'process.namespaces': maybe((names) => Array.isArray(names)),
    'process.working_directory': maybe(process.cwd()),
  };
}
