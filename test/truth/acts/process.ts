import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, realpathSync, statSync } from 'node:fs';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { Act } from '../act.ts';
import { lacks, play, run } from '../play.ts';
import type { Stage } from '../stage.ts';
import { account, type Fields, maybe } from '../told.ts';

const sh = '/bin/sh';
const shell = process.platform === 'linux' ? realpathSync(sh) : sh;
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const identity = /^[0-9a-f]{20}$/;

/** What every program begun by this process, and by nobody else, says of where it comes from. */
function begunHere(stage: Stage, pid: number): Fields<'process.start'> {
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
    'process.capabilities': (names) => (names as string[])[0] === 'all',
    'user.id': '0',
    'user.name': 'root',
  };
}

/** The end of a process that began here; `name` and `executable` of what it ran last. */
function ended(
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

const program: Act = {
  name: 'a program runs and ends',
  async perform(stage) {
    const player = await play(stage, sh, ['-c', 'read line; exit 7']);
    const { pid } = player;
    await player.letGo();
    return [
      account(
        'process.start',
        { 'process.pid': pid },
        {
          ...begunHere(stage, pid),
          'process.name': 'sh',
          'process.executable': shell,
          'process.command_line': '/bin/sh -c read line; exit 7',
          'process.args_count': 3,
          'process.hash.sha256': maybe(sha256(shell)),
        },
      ),
      account(
        'process.end',
        { 'process.pid': pid },
        ended(stage, pid, { 'process.name': 'sh', 'process.executable': shell, 'process.exit_code': 7 }),
      ),
      account('process.fork', { 'process.pid': pid }),
    ];
  },
};

export const processActs: readonly Act[] = [program];
