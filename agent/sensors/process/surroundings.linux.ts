import type { LinuxHost } from '../linux/host.ts';
import { fieldsOf } from '../linux/trace/format.ts';
import type { KernelTrace, TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import type { ProcessEntry, Surroundings } from './table.ts';

/** include/uapi/linux/sched.h */
const cloneIntoCgroup = 0x2_0000_0000n;
/** CLONE_NEW…, with the name of each kind under /proc/PID/ns. */
const cloneNew: readonly (readonly [flag: bigint, kind: string])[] = [
  [0x0002_0000n, 'mnt'],
  [0x0200_0000n, 'cgroup'],
  [0x0400_0000n, 'uts'],
  [0x0800_0000n, 'ipc'],
  [0x1000_0000n, 'user'],
  [0x2000_0000n, 'pid'],
  [0x4000_0000n, 'net'],
];
/** Stands for the number of a namespace that could not be read yet. */
const unread = 'new';

/** What processes have of their parents and seldom change, read anew only where something may have changed it. */
export class KeptSurroundings {
  readonly #host: LinuxHost;
  readonly #entryOf: (tid: number) => ProcessEntry | undefined;
  /** The kernel tells of everything that changes them but signing in. */
  #isToldOfMoves = false;

  /** `entryOf` gives the process of a thread. */
  constructor(host: LinuxHost, entryOf: (tid: number) => ProcessEntry | undefined) {
    this.#host = host;
    this.#entryOf = entryOf;
  }

  start(trace: KernelTrace): void {
    const forget = (entry: ProcessEntry) => {
      entry.surroundings = undefined;
    };
    const moves = [
      this.#move('cgroup', 'cgroup_attach_task', 'pid', forget),
      this.#move('syscalls', 'sys_enter_setns', 'common_pid', forget),
      this.#move('syscalls', 'sys_enter_unshare', 'common_pid', intoNew),
    ];
    this.#isToldOfMoves = moves.every((source) => trace.add(source));
  }

  /** A process split off with these flags of clone(2). */
  forked(entry: ProcessEntry, flags: bigint): void {
    intoNew(entry, flags);
    if ((flags & cloneIntoCgroup) !== 0n) entry.surroundings = undefined;
  }

  /** Those of a process that lives; as far as known, and read where they may be others. */
  of(pid: number, entry: ProcessEntry | undefined): Surroundings | undefined {
    const { facts } = this.#host.reader;
    const kept = entry?.surroundings;
    if (kept === undefined) return facts.surroundings(pid);
    const isUnread = kept.namespaces?.some((name) => name.endsWith(`:${unread}`)) === true;
    if ((isUnread || !this.#isToldOfMoves) && facts.showsNamespaces(pid))
      return facts.surroundings(pid) ?? kept;
    if (kept.auditUserId !== undefined) return kept;
    // Signing in sets the login user once, and nothing tells of it.
    const auditUserId = facts.loginUser(pid);
    if (auditUserId === undefined) return kept;
    return { ...kept, auditUserId, auditUserName: this.#host.users.nameOf(auditUserId) };
  }

  #move(
    system: string,
    event: string,
    threadField: string,
    moved: (entry: ProcessEntry, flags: bigint) => void,
  ): TraceSource {
    return {
      system,
      event,
      reader: (format) => {
        const [tidField] = fieldsOf(format, threadField);
        const flagsField = format.fields.get('unshare_flags');
        return (record) => {
          const tid = record.number(tidField);
          const flags = flagsField === undefined ? 0n : record.bits(flagsField);
          return () => {
            const entry = this.#entryOf(tid);
            if (entry !== undefined) moved(entry, flags);
          };
        };
      },
    };
  }
}

/** The process has namespaces of its own from now on, by the flags of clone(2) or unshare(2). */
function intoNew(entry: ProcessEntry, flags: bigint): void {
  const kinds = cloneNew.filter(([flag]) => (flags & flag) !== 0n).map(([, kind]) => kind);
  if (kinds.length === 0) return;
  const { namespaces = [], ...others } = entry.surroundings ?? {};
  const kept = namespaces.filter((name) => !kinds.includes(name.split(':')[0] ?? ''));
  entry.surroundings = { ...others, namespaces: [...kept, ...kinds.map((kind) => `${kind}:${unread}`)] };
}
