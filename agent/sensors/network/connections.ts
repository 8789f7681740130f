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

/**
 * The event of an opening or of the closing. Source is who began: the local end when connected or listening, the
 * remote end when accepted (ECS).
 */
export function connectionEvent(
  connection: Connection,
  action: EventByType['network.connection']['event.action'],
  time: number,
  baseline: boolean,
): EventByType['network.connection'] {
  const { how, localIp, localPort, remoteIp, remotePort, owner } = connection;
  const accepted = how === 'accepted';
  return {
    type: 'network.connection',
    time,
    'event.baseline': baseline || undefined,
    'event.action': action,
    'network.transport': connection.transport,
    'network.initiated': how === 'connected',
    'source.ip': accepted ? remoteIp : localIp,
    'source.port': accepted ? remotePort : localPort,
    'destination.ip': how === 'listening' ? undefined : accepted ? localIp : remoteIp,
    'destination.port': how === 'listening' ? undefined : accepted ? localPort : remotePort,
    'network.connection_id': connection.id,
    'process.pid': connection.ownerPid,
    ...ownerFields(owner),
    'process.parent.name': owner?.parent?.name,
    'user.id': connection.userId,
    'user.name': connection.userName,
  };
}
