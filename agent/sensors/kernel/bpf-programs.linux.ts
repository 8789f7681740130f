import { readdirSync } from 'node:fs';
import type { BoundedFile } from '../linux/bounded-file.ts';

/** Descriptors of a process that are looked through, its newest first. */
const maxFds = 256;

/** By number (enum bpf_prog_type, include/uapi/linux/bpf.h). */
const types = (
  'unspec socket_filter kprobe sched_cls sched_act tracepoint xdp perf_event cgroup_skb cgroup_sock lwt_in lwt_out ' +
  'lwt_xmit sock_ops sk_skb cgroup_device sk_msg raw_tracepoint cgroup_sock_addr lwt_seg6local lirc_mode2 ' +
  'sk_reuseport flow_dissector cgroup_sysctl raw_tracepoint_writable cgroup_sockopt tracing struct_ops ext lsm ' +
  'sk_lookup syscall netfilter'
).split(' ');

export interface BpfProgram {
  readonly id: string;
  readonly type: string;
  readonly tag: string;
}

/** A program as /proc/PID/fdinfo/N describes it; undefined for other descriptors. */
export function parseProgram(text: string): BpfProgram | undefined {
  const field = (name: string) => new RegExp(`^${name}:\\t([\\da-f]{1,32})$`, 'm').exec(text)?.[1];
  const type = field('prog_type');
  const id = field('prog_id');
  const tag = field('prog_tag');
  if (type === undefined || id === undefined || tag === undefined) return undefined;
  return { id, type: types[Number(type)] ?? type, tag };
}

/** BPF programs a process holds, by their descriptors. Those it has pinned or attached and closed are not among them. */
export function programsOf(procRoot: string, pid: number, file: BoundedFile): BpfProgram[] {
  const folder = `${procRoot}/${pid}/fdinfo`;
  try {
    const fds = readdirSync(folder).sort((a, b) => Number(b) - Number(a));
    return fds.slice(0, maxFds).flatMap((fd) => parseProgram(file.text(`${folder}/${fd}`) ?? '') ?? []);
  } catch {
    return [];
  }
}
