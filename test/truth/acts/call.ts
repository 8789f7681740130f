import { readdirSync, readFileSync } from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { lacks, type Player, play } from '../play.ts';
import type { Stage } from '../stage.ts';
import { lacksSyscalls, syscalls } from '../syscalls.ts';
import { account } from '../told.ts';

/** Single system calls: changes of identity, taking hold of other processes, BPF programs. */

const perl = programPath('perl');
const provider = { 'event.provider': 'tracefs' } as const;

/** A perl that does it when it is let go by one line, and stays until the end of its input. */
async function perlThat(stage: Stage, code: string): Promise<Player & { readonly line: string }> {
  const args = ['-MPOSIX', '-e', `my $line = <STDIN>; ${code}; $line = <STDIN>;`];
  const player = await play(stage, perl, args);
  player.child.stdin?.write('\n');
  return { ...player, line: [perl, ...args].join(' ') };
}

const setuid: Act = {
  name: 'a process changes its user, and cannot change it back',
  whyNot: () => lacks('perl'),
  async perform(stage) {
    const { pid, line, letGo } = await perlThat(
      stage,
      'POSIX::setgid(1); POSIX::setuid(65534); POSIX::setuid(0)',
    );
    await stage.got.until(
      'process.identity',
      (event) => event['process.pid'] === pid && event['event.outcome'] === 'failure',
    );
    await letGo();
    const root = { ...provider, ...actor(stage, pid, perl, line) };
    const nobody = { ...root, 'user.id': '65534', 'user.name': 'nobody' };
    return [
      account(
        'process.identity',
        { 'process.pid': pid },
        { ...root, 'event.action': 'setgid', 'event.outcome': 'success', 'group.changes.id': '1' },
        {
          ...root,
          'event.action': 'setuid',
          'event.outcome': 'success',
          'user.changes.id': '65534',
          'user.changes.name': 'nobody',
        },
        {
          ...nobody,
          'event.action': 'setuid',
          'event.outcome': 'failure',
          'user.changes.id': '0',
          'user.changes.name': 'root',
        },
      ),
    ];
  },
};

/** The other process of an access, as events have it. */
function target(stage: Stage, { pid }: Player) {
  return {
    'process.target.pid': pid,
    'process.target.entity_id': (id: unknown) => id !== undefined && id === stage.entityOf(pid),
    'process.target.name': 'cat',
    'process.target.executable': programPath('cat'),
    'process.target.user.name': 'root',
  };
}

const attach: Act = {
  name: 'a process attaches to another as a debugger does',
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    const victim = await play(stage, '/bin/cat', []);
    const { pid, line, letGo } = await perlThat(
      stage,
      `syscall(${syscalls?.ptrace}, 16, ${victim.pid}, 0, 0)`,
    );
    await stage.got.until('process.access', (event) => event['process.pid'] === pid);
    await letGo();
    victim.child.kill('SIGKILL');
    return [
      account(
        'process.access',
        { 'process.target.pid': victim.pid },
        {
          ...provider,
          'event.action': 'ptrace-attach',
          'event.outcome': 'success',
          ...target(stage, victim),
          ...actor(stage, pid, perl, line),
        },
      ),
    ];
  },
};

const memoryWrite: Act = {
  name: "a process writes into another's memory",
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    const victim = await play(stage, '/bin/cat', []);
    const stack = /^[\da-f]+-([\da-f]+) .*\[stack\]$/m.exec(readFileSync(`/proc/${victim.pid}/maps`, 'utf8'));
    // The last eight bytes of a stack are nothing but its end.
    const end = `0x${stack?.[1] ?? '0'}`;
    const code = [
      'my $zeros = "\\0" x 8; my $from = pack("Q2", unpack("Q", pack("p", $zeros)), 8)',
      `my $to = pack("Q2", ${end} - 8, 8)`,
      `syscall(${syscalls?.writeMemory}, ${victim.pid}, $from, 1, $to, 1, 0) == 8 or die $!`,
    ].join('; ');
    const { pid, line, letGo } = await perlThat(stage, code);
    await stage.got.until('process.access', (event) => event['process.pid'] === pid);
    await letGo();
    victim.child.kill('SIGKILL');
    return [
      account(
        'process.access',
        { 'process.target.pid': victim.pid },
        {
          ...provider,
          'event.action': 'memory-write',
          ...target(stage, victim),
          ...actor(stage, pid, perl, line),
        },
      ),
    ];
  },
};

const bpf: Act = {
  name: 'a BPF program is loaded',
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    // r0 = 0; exit: a socket filter that lets nothing through, and hangs on no socket.
    const code = [
      'my $program = pack("H*", "b700000000000000" . "9500000000000000"); my $licence = "GPL\\0"',
      'my $at = sub { unpack("Q", pack("p", $_[0])) }',
      'my $load = pack("LLQQx96", 1, 2, $at->($program), $at->($licence))',
      `our $fd = syscall(${syscalls?.bpf}, 5, $load, length $load); $fd >= 0 or die $!`,
    ].join('; ');
    const { pid, line, letGo } = await perlThat(stage, code);
    await stage.got.until('bpf.load', (event) => event['process.pid'] === pid);
    const held = readdirSync(`/proc/${pid}/fdinfo`)
      .map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
      .find((text) => text.includes('prog_tag'));
    await letGo();
    return [
      account(
        'bpf.load',
        { 'process.pid': pid },
        {
          ...provider,
          'bpf.program.id': /^prog_id:\s*(\S+)$/m.exec(held ?? '')?.[1] ?? 'none',
          'bpf.program.type': 'socket_filter',
          'bpf.program.tag': /^prog_tag:\s*(\S+)$/m.exec(held ?? '')?.[1] ?? 'none',
          ...actor(stage, pid, perl, line),
        },
      ),
    ];
  },
};

export const callActs: readonly Act[] = [setuid, attach, memoryWrite, bpf];
