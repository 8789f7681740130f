import { appendFileSync, copyFileSync, mkdirSync, readlinkSync, statSync } from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { lacks, play } from '../play.ts';
import {
  begunHere,
  cat,
  catFile,
  ended,
  identity,
  passingStart,
  sh,
  sha256,
  shell,
  start,
} from '../programs.ts';
import { lacksSyscalls, syscalls } from '../syscalls.ts';
import { account, maybe } from '../told.ts';

/** Programs that begin, split off and end. */

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
        start(stage, pid, 'sh', shell, '/bin/sh -c read line; exit 7', 3),
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

const killed: Act = {
  name: 'a program is killed',
  async perform(stage) {
    const player = await play(stage, cat, []);
    const { pid, child } = player;
    child.kill('SIGKILL');
    await player.letGo();
    return [
      account('process.start', { 'process.pid': pid }, start(stage, pid, 'cat', catFile, cat, 1)),
      account(
        'process.end',
        { 'process.pid': pid },
        ended(stage, pid, {
          'process.name': 'cat',
          'process.executable': catFile,
          'process.exit_code': 128 + 9,
        }),
      ),
    ];
  },
};

const script: Act = {
  name: 'a script runs',
  async perform(stage) {
    const path = stage.write('srv/task.sh', '#!/bin/sh\nread line\n', 0o755);
    const player = await play(stage, path, ['given']);
    const { pid } = player;
    await player.letGo();
    const told = { 'process.name': 'task.sh', 'process.executable': shell };
    return [
      account(
        'process.start',
        { 'process.pid': pid },
        start(stage, pid, 'task.sh', shell, `${sh} ${path} given`, 3),
      ),
      account('process.end', { 'process.pid': pid }, ended(stage, pid, { ...told, 'process.exit_code': 1 })),
    ];
  },
};

const otherUser: Act = {
  name: 'a program runs as another user',
  whyNot: () => lacks('setpriv'),
  async perform(stage) {
    const setpriv = programPath('setpriv');
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', cat];
    const player = await play(stage, setpriv, args, (event) => event['process.name'] === 'cat');
    const { pid } = player;
    await player.letGo();
    const changing = {
      'event.provider': 'tracefs',
      'event.outcome': 'success',
      ...actor(stage, pid, setpriv, [setpriv, ...args].join(' ')),
      'process.name': 'setpriv',
    } as const;
    return [
      account('process.start', { 'process.pid': pid }, passingStart(stage, pid, setpriv, args), {
        ...start(stage, pid, 'cat', catFile, cat, 1),
        'user.id': '65534',
        'user.name': 'nobody',
        'process.capabilities': undefined,
      }),
      account(
        'process.identity',
        { 'process.pid': pid },
        {
          ...changing,
          'event.action': 'setresuid',
          'user.changes.id': '65534',
          'user.changes.name': 'nobody',
        },
        {
          ...changing,
          'user.id': '65534',
          'user.name': 'nobody',
          'event.action': 'setresgid',
          'group.changes.id': '65534',
        },
      ),
      account(
        'process.end',
        { 'process.pid': pid },
        {
          ...ended(stage, pid, {
            'process.name': 'cat',
            'process.executable': catFile,
            'process.exit_code': 0,
          }),
          'user.name': 'nobody',
        },
      ),
    ];
  },
};

const fromMemory: Act = {
  name: 'a program runs from memory',
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    const code = [
      `my $name = "hidden"; my $fd = syscall(${syscalls?.memfdCreate}, $name, 1);`,
      'open(my $to, ">&=", $fd); binmode $to; open(my $from, "<", "/bin/cat"); binmode $from;',
      'local $/; print $to scalar <$from>; $to->flush; exec {"/proc/$$/fd/$fd"} "cat", "-";',
    ].join(' ');
    const perl = programPath('perl');
    const args = ['-MIO::Handle', '-e', code];
    const player = await play(stage, perl, args, (event) => event['process.fileless'] === true);
    const { pid } = player;
    await player.letGo();
    return [
      account('process.start', { 'process.pid': pid }, passingStart(stage, pid, perl, args), {
        ...begunHere(stage, pid),
        'process.name': /^\d+$/,
        'process.executable': '/memfd:hidden',
        'process.fileless': true,
        'process.command_line': 'cat -',
        'process.args_count': 2,
        'process.hash.sha256': maybe(sha256(catFile)),
      }),
      account(
        'process.end',
        { 'process.pid': pid },
        ended(stage, pid, {
          'process.name': /^\d+$/,
          'process.executable': '/memfd:hidden',
          'process.exit_code': 0,
        }),
      ),
    ];
  },
};

const fork: Act = {
  name: 'a process splits off and runs no program of its own',
  async perform(stage) {
    const player = await play(stage, sh, ['-c', '( read line; exit 5 ); exit 0']);
    const { pid } = player;
    const { 'process.pid': forked } = await stage.got.until(
      'process.fork',
      (event) => event['process.parent.pid'] === pid,
    );
    await player.letGo();
    const own = { 'process.name': 'sh', 'process.executable': shell };
    const common = { 'event.provider': 'tracefs', ...own, 'process.pid': forked, 'process.parent.pid': pid };
    return [
      account(
        'process.fork',
        { 'process.parent.pid': pid },
        {
          ...common,
          'process.entity_id': identity,
          'process.start': (at) => Number(at) > 0,
          'process.parent.entity_id': (id) => id === stage.entityOf(pid),
          'user.id': '0',
          'user.name': 'root',
        },
      ),
      account('process.start', { 'process.pid': forked }),
      account(
        'process.end',
        { 'process.pid': forked },
        {
          ...common,
          'process.entity_id': (id) => id === stage.entityOf(forked),
          'process.start': (at) => Number(at) > 0,
          'process.end': (at) => Number(at) > 0,
          'process.exit_code': 5,
          'user.name': 'root',
        },
      ),
    ];
  },
};

const namespaces: Act = {
  name: 'a program runs in namespaces of its own',
  whyNot: () => lacks('unshare'),
  async perform(stage) {
    const unshare = programPath('unshare');
    const args = ['--uts', '--ipc', cat];
    const player = await play(stage, unshare, args, (event) => event['process.name'] === 'cat');
    const { pid } = player;
    const own = ['ipc', 'uts'].map((kind) => {
      const number = /\d+/.exec(readlinkSync(`/proc/${pid}/ns/${kind}`))?.[0];
      return `${kind}:${number}`;
    });
    await player.letGo();
    return [
      account('process.start', { 'process.pid': pid }, passingStart(stage, pid, unshare, args), {
        ...start(stage, pid, 'cat', catFile, cat, 1),
        'process.namespaces': own,
      }),
    ];
  },
};

const hashed: Act = {
  name: 'a program that nobody ran before',
  async perform(stage) {
    const path = stage.path('srv/fresh');
    mkdirSync(stage.path('srv'), { recursive: true });
    copyFileSync(catFile, path);
    // Other content than any other program here.
    appendFileSync(path, path);
    const first = await play(stage, path, []);
    await stage.got.until('executable.hash', (event) => event['process.executable'] === path);
    await first.letGo();
    const second = await play(stage, path, []);
    await second.letGo();
    const file = statSync(path, { bigint: true });
    const begun = (pid: number) => start(stage, pid, 'fresh', path, path, 1);
    return [
      account(
        'executable.hash',
        { 'process.executable': path },
        {
          'process.executable': path,
          'process.hash.sha256': sha256(path),
          'file.size': Number(file.size),
          'file.mtime': Number(file.mtimeNs / 1000n),
          'file.inode': String(file.ino),
          'process.pid': first.pid,
          'process.entity_id': (id) => id === stage.entityOf(first.pid),
        },
      ),
      account(
        'process.start',
        { 'process.executable': path },
        { ...begun(first.pid), 'process.hash.sha256': undefined },
        { ...begun(second.pid), 'process.hash.sha256': sha256(path) },
      ),
    ];
  },
};

export const processActs: readonly Act[] = [
  program,
  killed,
  script,
  otherUser,
  fromMemory,
  fork,
  namespaces,
  hashed,
];
