import { readlinkSync } from 'node:fs';
import { type Boot, instantOfTicks, processEntityId } from '../linux/boot.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { UserNames } from '../linux/user-names.ts';
import { withoutStack } from '../linux/without-stack.ts';
import { capabilitiesOf } from './capabilities.linux.ts';
import { cgroupOf, containerOf, type ProcessStat, parseStat, terminalName } from './stat.linux.ts';
import {
  type Arguments,
  keptCommandLine,
  type ProcessFacts,
  type Program,
  type Surroundings,
} from './table.ts';

/** Room for the longest command line an event holds (32,768 UTF-16 units) whatever its script, and one more. */
const bufferBytes = 128 * 1024;
const deletedSuffix = ' (deleted)';
const memoryPrefix = '/memfd:';
const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] as const;
/** What loginuid says of processes that no sign-in led to: -1 as the kernel prints it. */
const noLogin = '4294967295';

/** Reads what /proc/PID says of one process (proc(5)). Vanishing entries are normal and give less. */
export class FactsReader {
  readonly #procRoot: string;
  readonly #boot: Boot;
  readonly #users: UserNames;
  readonly #file = new BoundedFile(bufferBytes);
  readonly #own: readonly (string | undefined)[];

  constructor(procRoot: string, boot: Boot, users: UserNames) {
    this.#procRoot = procRoot;
    this.#boot = boot;
    this.#users = users;
    this.#own = namespaces.map((kind) => this.#link(`${procRoot}/self/ns/${kind}`));
  }

  /** Whether the agent lacks the right to see which files other users' processes run (CAP_SYS_PTRACE, ptrace(2)). */
  isDenied(): boolean {
    const held = this.#status(`${this.#procRoot}/self`)?.capabilities;
    const isAll = held?.[0] === 'all' && !held.includes('-CAP_SYS_PTRACE');
    return !isAll && held?.includes('CAP_SYS_PTRACE') !== true;
  }

  stat(pid: number): ProcessStat | undefined {
    const length = this.#file.readOnce(`${this.#procRoot}/${pid}/stat`);
    return length <= 0 ? undefined : parseStat(this.#file.buffer, length);
  }

  /** All that is known of a process whose stat was just read. */
  facts(pid: number, stat: ProcessStat): ProcessFacts {
    if (stat.kernelThread)
      return {
        ...this.#identity(pid, stat),
        userId: '0',
        userName: this.#users.nameOf('0'),
        realUserId: '0',
      };
    return {
      ...this.#circumstances(pid, stat),
      ...this.arguments(pid),
      ...this.program(pid),
      surroundings: this.surroundings(pid),
    };
  }

  /** Whether its namespaces can be seen; not those of a process that is ending, nor without the right to. */
  showsNamespaces(pid: number): boolean {
    return this.#link(`${this.#procRoot}/${pid}/ns/mnt`) !== undefined;
  }

  /** What it has of its parent, for the most part. Undefined when the process is gone. */
  surroundings(pid: number): Surroundings | undefined {
    const folder = `${this.#procRoot}/${pid}`;
    const cgroup = this.#text(`${folder}/cgroup`);
    if (cgroup === '') return undefined;
    const auditUserId = this.loginUser(pid);
    return {
      auditUserId,
      auditUserName: this.#users.nameOf(auditUserId),
      cgroup: cgroupOf(cgroup),
      containerId: containerOf(cgroup),
      namespaces: this.#namespaces(folder),
    };
  }

  /** Id of the user who signed in, whatever became of the identity since; undefined where nobody did. */
  loginUser(pid: number): string | undefined {
    const login = this.#text(`${this.#procRoot}/${pid}/loginuid`);
    return login === '' || login === noLogin ? undefined : login;
  }

  /** Who and where a process is, but for its program; undefined when it is gone. */
  circumstances(pid: number): Omit<ProcessFacts, 'surroundings'> | undefined {
    const stat = this.stat(pid);
    return stat === undefined || stat.zombie ? undefined : this.#circumstances(pid, stat);
  }

  /** The process a thread belongs to; undefined when it is gone. */
  processOf(tid: number): number | undefined {
    const length = this.#file.readOnce(`${this.#procRoot}/${tid}/status`);
    const id =
      length <= 0 ? null : /^Tgid:\t(\d{1,10})$/m.exec(this.#file.buffer.toString('latin1', 0, length));
    return id === null ? undefined : Number(id[1]);
  }

  #identity(pid: number, stat: ProcessStat) {
    return {
      pid,
      entityId: processEntityId(this.#boot.id, pid, stat.startTicks),
      startAt: instantOfTicks(this.#boot, stat.startTicks),
      startTicks: stat.startTicks,
      name: stat.name,
      parentPid: stat.parentPid,
      sessionId: stat.sessionId,
      tty: terminalName(stat.ttyNumber),
      kernelThread: stat.kernelThread,
    };
  }

  #circumstances(pid: number, stat: ProcessStat): ProcessFacts {
    const folder = `${this.#procRoot}/${pid}`;
    const status = this.#status(folder);
    return {
      ...this.#identity(pid, stat),
      userId: status?.effective,
      userName: this.#users.nameOf(status?.effective),
      realUserId: status?.real,
      capabilities: status?.capabilities,
      workingDirectory: this.#link(`${folder}/cwd`),
    };
  }

  /** The file it runs; undefined when it is gone or that may not be seen. */
  program(pid: number): Program | undefined {
    const link = this.#link(`${this.#procRoot}/${pid}/exe`);
    if (link === undefined) return undefined;
    if (!link.endsWith(deletedSuffix)) return { executable: link };
    const executable = link.slice(0, -deletedSuffix.length);
    return executable.startsWith(memoryPrefix)
      ? { executable, fileless: true }
      : { executable, fileDeleted: true };
  }

  /**
   * Arguments end with NUL each; within them every byte may stand. At most `bufferBytes` are read. Undefined when
   * there are none: the process is gone, is ending, or has none.
   */
  arguments(pid: number): Arguments | undefined {
    let length = this.#file.readOnce(`${this.#procRoot}/${pid}/cmdline`);
    const { buffer } = this.#file;
    while (length > 0 && buffer[length - 1] === 0) length--;
    if (length <= 0) return undefined;
    const isWhole = length < bufferBytes;
    let count = 1;
    for (let i = buffer.indexOf(0); i >= 0 && i < length; i = buffer.indexOf(0, i + 1)) {
      buffer[i] = 0x20;
      count++;
    }
    const commandLine = buffer.toString('utf8', 0, length);
    const argumentCount = isWhole ? count : undefined;
    const isShort = length <= keptCommandLine;
    const keptPart = isShort ? commandLine : buffer.toString('utf8', 0, keptCommandLine);
    return { commandLine, keptCommandLine: keptPart, argumentCount };
  }

  #status(folder: string) {
    const length = this.#file.readOnce(`${folder}/status`);
    if (length <= 0) return undefined;
    const text = this.#file.buffer.toString('latin1', 0, length);
    const ids = /^Uid:\t(\d{1,10})\t(\d{1,10})\t/m.exec(text);
    if (ids === null) return undefined;
    const mask = /^CapEff:\t([\da-f]{1,16})$/m.exec(text)?.[1];
    return { real: ids[1], effective: ids[2], capabilities: capabilitiesOf(mask ?? '') };
  }

  /** Those that are not the agent's own; undefined when all are, or may not be read. */
  #namespaces(folder: string): readonly string[] | undefined {
    let others: string[] | undefined;
    for (const [i, kind] of namespaces.entries()) {
      const own = this.#own[i];
      const link = own === undefined ? undefined : this.#link(`${folder}/ns/${kind}`);
      if (link === undefined || link === own) continue;
      others ??= [];
      others.push(`${kind}:${link.slice(kind.length + 2, -1)}`);
    }
    return others;
  }

  #text(path: string): string {
    const length = this.#file.readOnce(path);
    return length <= 0 ? '' : this.#file.buffer.toString('utf8', 0, length);
  }

  #link(path: string): string | undefined {
    try {
      return withoutStack(() => readlinkSync(path));
    } catch {
      return undefined;
    }
  }
}
