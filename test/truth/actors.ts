import { readFileSync, realpathSync } from 'node:fs';
import type { Stage } from './stage.ts';

/** Where a program is, with every link of its path followed; empty when there is none. */
export function programPath(name: string): string {
  for (const folder of ['/usr/bin', '/usr/sbin', '/bin', '/sbin']) {
    try {
      return realpathSync(`${folder}/${name}`);
    } catch {
      // In the next one, or nowhere.
    }
  }
  return '';
}

/** The fields by which other events name a process that was begun here, as root. */
export function actor(stage: Stage, pid: number, executable: string, commandLine: string) {
  return {
    'process.pid': pid,
    'process.entity_id': (id: unknown) => id !== undefined && id === stage.entityOf(pid),
    'process.name': (name: unknown) => name === nameOf(stage, pid),
    'process.executable': executable,
    'process.command_line': commandLine,
    'process.parent.executable': stage.self.executable,
    'user.id': '0',
    'user.name': 'root',
  };
}

function nameOf(stage: Stage, pid: number): string | undefined {
  return stage.got.of('process.start').findLast((event) => event['process.pid'] === pid)?.['process.name'];
}

/** The same of the process the acts are done in. */
export function selfActor({ self }: Stage) {
  return {
    'process.pid': self.pid,
    'process.entity_id': /^[0-9a-f]{20}$/,
    'process.name': self.name,
    'process.executable': self.executable,
    'process.command_line': self.commandLine,
    'process.parent.executable': self.parentExecutable,
    'user.id': '0',
    'user.name': 'root',
  };
}

/** Arguments of a process that is there, joined as events have them. */
export function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1).join(' ');
}
