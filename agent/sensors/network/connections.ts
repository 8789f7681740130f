import type { EventByType } from '#shared/events/registry.gen.ts';
import { ownerFields } from '../process/events.ts';
import type { ProcessEntry } from '../process/table.ts';

/** What is kept of a socket between its opening and its closing. */
export interface Connection {
  readonly id: string;
  readonly transport: 'tcp' | 'udp';
  readonly how: 'connected' | 'accepted' | 'listening';
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteIp: string;
  readonly remotePort: number;
  readonly ownerPid: number | undefined;
  readonly owner: ProcessEntry | undefined;
  readonly userId: string | undefined;
  readonly userName: string | undefined;
}

/** What is said of a connection besides who has it. */
export interface Moment {
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly baseline?: boolean;
  readonly provider?: string;
  /** When it was opened, for its duration. */
  readonly openedAt?: number | undefined;
  readonly sentBytes?: number | undefined;
  readonly receivedBytes?: number | undefined;
  readonly bytesSource?: EventByType['network.connection']['network.bytes_source'];
}

/** The longest duration an event can hold, in nanoseconds. */
const maxDurationNs = 2 ** 52;

/**
 * The event of an opening or of the closing. Source is who began: the local end when connected or listening, the
 * remote end when accepted (ECS).
 */
export function connectionEvent(
  connection: Connection,
  action: EventByType['network.connection']['event.action'],
  moment: Moment,
): EventByType['network.connection'] {
  const { how, localIp, localPort, remoteIp, remotePort, owner } = connection;
  const { time, openedAt, sentBytes, receivedBytes } = moment;
  const accepted = how === 'accepted';
  return {
    type: 'network.connection',
    time,
    'event.baseline': moment.baseline || undefined,
    'event.provider': moment.provider,
    'event.action': action,
    'network.transport': connection.transport,
    'network.initiated': how === 'connected',
    'source.ip': accepted ? remoteIp : localIp,
    'source.port': accepted ? remotePort : localPort,
    'destination.ip': how === 'listening' ? undefined : accepted ? localIp : remoteIp,
    'destination.port': how === 'listening' ? undefined : accepted ? localPort : remotePort,
    'network.connection_id': connection.id,
    'event.duration':
      openedAt === undefined ? undefined : Math.min(maxDurationNs, Math.max(0, time - openedAt) * 1000),
    'source.bytes': accepted ? receivedBytes : sentBytes,
    'destination.bytes': accepted ? sentBytes : receivedBytes,
    'network.bytes_source': moment.bytesSource,
    'network.namespace': netNamespaceOf(owner),
    'process.pid': connection.ownerPid,
    ...ownerFields(owner),
    'process.parent.name': owner?.parent?.name,
    'user.id': connection.userId,
    'user.name': connection.userName,
  };
}

/** The owner's network namespace; undefined when it is the agent's own, or not known. */
export function netNamespaceOf(owner: ProcessEntry | undefined): string | undefined {
  return owner?.surroundings?.namespaces?.find((name) => name.startsWith('net:'))?.slice('net:'.length);
}

/** The two ends as a text, by which two accounts of one connection are known to be of the same. */
export function tupleOf(
  ends: Pick<Connection, 'how' | 'localIp' | 'localPort' | 'remoteIp' | 'remotePort'>,
): string {
  const local = `${ends.localIp} ${ends.localPort}`;
  return ends.how === 'listening' ? local : `${local} ${ends.remoteIp} ${ends.remotePort}`;
}
