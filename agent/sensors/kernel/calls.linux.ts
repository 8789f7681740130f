import type { EventByType } from '#shared/events/registry.gen.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { KernelEvents, LinuxHost } from '../linux/host.ts';
import { fieldsOf, type TraceFormat } from '../linux/trace/format.ts';
import type { TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import type { ProcessEntry } from '../process/table.ts';
import type { Emit } from '../sensor.ts';
import { actorFieldsOf } from './actor.ts';
import { programsOf } from './bpf-programs.linux.ts';

/** PTRACE_ATTACH and PTRACE_SEIZE (include/uapi/linux/ptrace.h), BPF_PROG_LOAD (include/uapi/linux/bpf.h). */
const ptraceAttach = 16;
const ptraceSeize = 0x4206;
const bpfProgLoad = 5;
/** What a call of the setuid family gives for an identity that shall stay. */
const unchanged = 0xffff_ffff;
/** Calls that were entered and not left yet. */
const maxEntered = 4096;

type Identity = EventByType['process.identity'];

/** The setuid family: for each call the argument that is the effective id. */
const identityCalls: Readonly<Record<Identity['event.action'], string>> = {
  setuid: 'uid',
  setreuid: 'euid',
  setresuid: 'euid',
  setgid: 'gid',
  setregid: 'egid',
  setresgid: 'egid',
};

/** Events of single system calls: who took hold of whom, changed identity, or gave the kernel a BPF program. */
export class WatchedCalls {
  readonly #host: LinuxHost;
  readonly #events: KernelEvents;
  readonly #procRoot: string;
  readonly #emit: Emit;
  readonly #file = new BoundedFile(64 * 1024);
  /** Id asked for, by the thread that is in the call. */
  readonly #entered = new Map<number, number>();
  readonly #toldPrograms = new Set<string>();
  #sources: readonly TraceSource[] = [];

  constructor(host: LinuxHost, events: KernelEvents, procRoot: string, emit: Emit) {
    this.#host = host;
    this.#events = events;
    this.#procRoot = procRoot;
    this.#emit = emit;
  }

  /** Turns the events on. Gives the names of those this kernel lacks. */
  start(): string[] {
    const sources = [this.#ptrace(), this.#memoryWrite(), this.#bpf()];
    for (const call of Object.keys(identityCalls) as Identity['event.action'][]) {
      sources.push(this.#identityEntered(call), this.#identityLeft(call));
    }
    this.#sources = sources;
    const missing = sources.filter((source) => !this.#events.trace.add(source)).map(({ event }) => event);
    this.#events.tellsUsers = !missing.some((event) => event.endsWith('uid'));
    return missing;
  }

  /** Turns them off. */
  stop(): void {
    for (const source of this.#sources) this.#events.trace.drop(source);
  }

  #call(event: string, filter: string | undefined, reader: TraceSource['reader']): TraceSource {
    const source = { system: 'syscalls', event, reader };
    return filter === undefined ? source : { ...source, filter };
  }

  #actor(tid: number): ProcessEntry | undefined {
    return this.#host.processes.recent(this.#events.processes.processOf(tid));
  }

  #ptrace(): TraceSource {
    const filter = `request == ${ptraceAttach} || request == ${ptraceSeize}`;
    return this.#call('sys_enter_ptrace', filter, (format) => {
      const [tid, request, target] = fieldsOf(format, 'common_pid', 'request', 'pid');
      return (record) => {
        const from = record.number(tid);
        const to = Number(record.bits(target) & 0x7fff_ffffn);
        const action = record.number(request) === ptraceAttach ? 'ptrace-attach' : 'ptrace-seize';
        return (time) => this.#access(action, from, to, time, this.#tracerOf(to));
      };
    });
  }

  #memoryWrite(): TraceSource {
    return this.#call('sys_enter_process_vm_writev', undefined, (format) => {
      const [tid, target] = fieldsOf(format, 'common_pid', 'pid');
      return (record) => {
        const from = record.number(tid);
        const to = Number(record.bits(target) & 0x7fff_ffffn);
        return (time) => this.#access('memory-write', from, to, time, undefined);
      };
    });
  }

  #access(
    action: EventByType['process.access']['event.action'],
    from: number,
    to: number,
    time: number,
    tracer: number | undefined,
  ): void {
    const { processOf } = this.#events.processes;
    const target = this.#actor(to);
    const actor = this.#actor(from);
    const isTraced = tracer !== undefined && processOf.call(this.#events.processes, tracer) === actor?.pid;
    this.#emit({
      type: 'process.access',
      time,
      'event.provider': 'tracefs',
      'event.action': action,
      'event.outcome': isTraced ? 'success' : undefined,
      'process.target.pid': target?.pid ?? to,
      'process.target.entity_id': target?.entityId,
      'process.target.name': target?.name,
      'process.target.executable': target?.executable,
      'process.target.user.name': target?.userName,
      ...actorFieldsOf(actor),
    });
  }

  /** Who traces the thread now; undefined for nobody. */
  #tracerOf(tid: number): number | undefined {
    const status = this.#file.text(`${this.#procRoot}/${tid}/status`) ?? '';
    const tracer = Number(/^TracerPid:\t(\d{1,10})$/m.exec(status)?.[1] ?? 0);
    return tracer === 0 ? undefined : tracer;
  }

  #bpf(): TraceSource {
    return this.#call('sys_enter_bpf', `cmd == ${bpfProgLoad}`, (format) => {
      const [tid] = fieldsOf(format, 'common_pid');
      return (record) => {
        const from = record.number(tid);
        return (time) => this.#programLoaded(from, time);
      };
    });
  }

  #programLoaded(tid: number, time: number): void {
    const actor = this.#actor(tid);
    const fresh = programsOf(this.#procRoot, actor?.pid ?? tid, this.#file).filter(
      ({ id }) => !this.#toldPrograms.has(id),
    );
    // One call, one program: of several new ones the others' calls come next.
    const program = fresh.at(-1);
    if (program !== undefined) {
      this.#toldPrograms.add(program.id);
      if (this.#toldPrograms.size > maxEntered) this.#toldPrograms.clear();
    }
    this.#emit({
      type: 'bpf.load',
      time,
      'event.provider': 'tracefs',
      'bpf.program.id': program?.id,
      'bpf.program.type': program?.type,
      'bpf.program.tag': program?.tag,
      ...actorFieldsOf(actor),
    });
  }

  #identityEntered(call: Identity['event.action']): TraceSource {
    return this.#call(`sys_enter_${call}`, undefined, (format) => {
      const [tid, wanted] = fieldsOf(format, 'common_pid', identityCalls[call]);
      return (record) => {
        const from = record.number(tid);
        const id = Number(record.bits(wanted) & 0xffff_ffffn);
        return () => {
          if (this.#entered.size < maxEntered) this.#entered.set(from, id);
        };
      };
    });
  }

  #identityLeft(call: Identity['event.action']): TraceSource {
    return this.#call(`sys_exit_${call}`, undefined, (format: TraceFormat) => {
      const [tid, result] = fieldsOf(format, 'common_pid', 'ret');
      return (record) => {
        const from = record.number(tid);
        const isGranted = record.number(result) === 0;
        return (time) => this.#identityChanged(call, from, isGranted, time);
      };
    });
  }

  #identityChanged(call: Identity['event.action'], tid: number, isGranted: boolean, time: number): void {
    const id = this.#entered.get(tid);
    this.#entered.delete(tid);
    if (id === undefined || id === unchanged) return;
    const actor = this.#actor(tid);
    const isUser = call.endsWith('uid');
    const wanted = String(id);
    // Many programs set what they are already, and mean nothing by it.
    if (isGranted && isUser && actor?.userId === wanted) return;
    const userName = isUser ? this.#host.users.nameOf(wanted) : undefined;
    this.#emit({
      type: 'process.identity',
      time,
      'event.provider': 'tracefs',
      'event.action': call,
      'event.outcome': isGranted ? 'success' : 'failure',
      'user.changes.id': isUser ? wanted : undefined,
      'user.changes.name': userName,
      'group.changes.id': isUser ? undefined : wanted,
      ...actorFieldsOf(actor),
    });
    if (isGranted && isUser && actor !== undefined) {
      actor.userId = wanted;
      actor.userName = userName;
    }
  }
}
