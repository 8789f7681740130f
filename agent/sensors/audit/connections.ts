import type { EventByType } from '#shared/events/registry.gen.ts';
import type { LinuxHost } from '../linux/host.ts';
import { ownerFields } from '../process/events.ts';
import type { AuditAct } from './act.ts';
import { actId } from './process-event.ts';
import { numberIn } from './record.ts';
import { socketAddressOf } from './socket-address.ts';

type Connection = EventByType['network.connection'];
type Transport = Connection['network.transport'];

/** Sockets whose kind is remembered, where the audit rules ask for `socket` as well. */
const maxSockets = 4096;
/** Kinds of linux/net.h, without the flags that are added to them. */
const kindMask = 0xf;
const streamKind = 1;
const datagramKind = 2;
/** EINPROGRESS: only connections of streams are under way. */
const inProgress = -115;

/**
 * Connections from `connect`, `accept` and `bind` calls. Their records name one end and do not say whether it is TCP
 * or UDP, so those are told whose transport is known: from an earlier `socket` call of the process, because only
 * streams are accepted, or because a connection was under way. The own end of a connection is not known: it is told
 * as the unspecified address and port 0.
 */
export class AuditConnections {
  readonly #transports = new Map<string, Transport>();

  eventOf(act: AuditAct, host: LinuxHost): Connection | undefined {
    const { callName, call, pid } = act;
    const exit = numberIn(call?.fields.get('exit'));
    if (call === undefined || pid === undefined || exit === undefined) return undefined;
    switch (callName) {
      case 'socket':
        this.#learn(`${pid} ${exit}`, hexIn(call.fields.get('a1')));
        return undefined;
      case 'connect': {
        const known = this.#transportOf(act);
        const transport = exit === inProgress ? 'tcp' : exit === 0 ? known : undefined;
        return transport === undefined ? undefined : connection(act, host, 'connected', transport);
      }
      case 'accept':
      case 'accept4':
        return exit >= 0 ? connection(act, host, 'accepted', 'tcp') : undefined;
      case 'bind': {
        const transport = exit === 0 ? this.#transportOf(act) : undefined;
        return transport === undefined ? undefined : connection(act, host, 'listening', transport);
      }
      default:
        return undefined;
    }
  }

  #learn(key: string, kind: number): void {
    const transport =
      (kind & kindMask) === streamKind ? 'tcp' : (kind & kindMask) === datagramKind ? 'udp' : undefined;
    this.#transports.delete(key);
    if (transport === undefined) return;
    this.#transports.set(key, transport);
    if (this.#transports.size <= maxSockets) return;
    for (const oldest of this.#transports.keys()) {
      this.#transports.delete(oldest);
      return;
    }
  }

  #transportOf({ pid, call }: AuditAct): Transport | undefined {
    return this.#transports.get(`${pid} ${hexIn(call?.fields.get('a0'))}`);
  }
}

function connection(
  act: AuditAct,
  host: LinuxHost,
  action: 'connected' | 'accepted' | 'listening',
  transport: Transport,
): Connection | undefined {
  const record = act.event.records.find(({ type }) => type === 'SOCKADDR');
  const { ip, port } = socketAddressOf(record?.fields.get('saddr')) ?? {};
  if (ip === undefined || port === undefined || port === 0) return undefined;
  const owner = act.pid === undefined ? undefined : host.processes.recent(act.pid);
  const initiated = action === 'connected';
  return {
    type: 'network.connection',
    time: act.event.at,
    'event.action': action,
    'network.transport': transport,
    'network.initiated': initiated,
    'source.ip': initiated ? (ip.includes(':') ? '::' : '0.0.0.0') : ip,
    'source.port': initiated ? 0 : port,
    'destination.ip': initiated ? ip : undefined,
    'destination.port': initiated ? port : undefined,
    'network.connection_id': actId(host.boot.id, act),
    'process.pid': act.pid,
    ...ownerFields(owner),
    'process.name': act.comm,
    'process.executable': act.exe,
    'user.id': act.userId,
    'user.name': host.users.nameOf(act.userId),
    'event.provider': 'auditd',
  };
}

function hexIn(text: string | undefined): number {
  return text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? Number.parseInt(text, 16) : -1;
}
