import { fieldsOf, type TraceFormat, type TraceRecord } from '../linux/trace/format.ts';
import { ipv6Text } from './addresses.linux.ts';

/** include/net/tcp_states.h */
export const tcpState = {
  established: 1,
  synSent: 2,
  synReceived: 3,
  finWait1: 4,
  close: 7,
  lastAck: 9,
  listen: 10,
} as const;

/** A TCP socket went from one state to another (sock:inet_sock_set_state). */
export interface TcpChange {
  /** Names the socket until it is closed; the low 48 bits of its address in the kernel. */
  readonly socket: number;
  readonly from: number;
  readonly to: number;
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteIp: string;
  readonly remotePort: number;
  /** Thread that was running. It has to do with the socket only where `inProcess`. */
  readonly tid: number;
  /** False when the kernel did it on a packet or a timer, in whatever thread that interrupted. */
  readonly inProcess: boolean;
}

const familyIpv4 = 2;
/** TRACE_FLAG_HARDIRQ and TRACE_FLAG_SOFTIRQ (include/linux/trace_events.h). */
const interruptFlags = 0x18;
const protocolTcp = 6;

/** Gives the reader of the event's records; what it gives is undefined for other protocols than TCP. */
export function tcpChangeReader(format: TraceFormat): (record: TraceRecord) => TcpChange | undefined {
  const [socket, from, to, localPort, remotePort, family] = fieldsOf(
    format,
    'skaddr',
    'oldstate',
    'newstate',
    'sport',
    'dport',
    'family',
  );
  const [local4, remote4, local6, remote6] = fieldsOf(format, 'saddr', 'daddr', 'saddr_v6', 'daddr_v6');
  const [protocol, flags, tid] = fieldsOf(format, 'protocol', 'common_flags', 'common_pid');
  return (record) => {
    // The family is AF_INET6 too for IPv4 over such a socket; the address is then a mapped one.
    const isIpv4 = record.number(family) === familyIpv4;
    // Before Linux 5.6 the protocol had 8 bits and no room for MPTCP's.
    if (record.number(protocol) !== protocolTcp) return undefined;
    return {
      socket: record.low48(socket),
      from: record.number(from),
      to: record.number(to),
      localIp: isIpv4 ? record.bytes(local4).join('.') : ipv6Text(record.bytes(local6)),
      localPort: record.number(localPort),
      remoteIp: isIpv4 ? record.bytes(remote4).join('.') : ipv6Text(record.bytes(remote6)),
      remotePort: record.number(remotePort),
      tid: record.number(tid),
      inProcess: (record.number(flags) & interruptFlags) === 0,
    };
  };
}
