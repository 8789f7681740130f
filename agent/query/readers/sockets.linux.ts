import { join } from 'node:path';
import type { listeningPorts as listeningSpec } from '#shared/tables/listening-ports.ts';
import type { processOpenSockets as openSpec } from '#shared/tables/process-open-sockets.ts';
import type { sockets as socketsSpec } from '#shared/tables/sockets.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import {
  addressesOf,
  readRows,
  type SocketRow,
  type Transport,
} from '../../sensors/network/sockets.linux.ts';
import { linesAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';
import { descriptorsOf } from './open-files.linux.ts';

/** AF_INET, AF_INET6; IPPROTO_TCP, IPPROTO_UDP. */
const families = { inet: 2, inet6: 10 } as const;
const protocols = { tcp: 6, udp: 17 } as const;
const chunkBytes = 64 * 1024;
/** include/net/tcp_states.h, by number. */
const tcpStates = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
] as const;
/** SOCK_STREAM and so on, by number, as /proc/net/unix prints them. */
const socketTypes: Readonly<Record<string, string>> = {
  '0001': 'stream',
  '0002': 'dgram',
  '0005': 'seqpacket',
};
const acceptsFlag = 0x10000;

interface InternetSocket {
  readonly transport: Transport;
  readonly family: keyof typeof families;
  readonly row: SocketRow;
  readonly local: string;
  readonly remote: string;
  readonly state: string;
}

function* internetSockets({ procRoot }: QueryHost): Iterable<InternetSocket> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (const transport of ['tcp', 'udp'] as const) {
    for (const family of ['inet', 'inet6'] as const) {
      const rows: SocketRow[] = [];
      const path = join(procRoot, 'net', family === 'inet' ? transport : `${transport}6`);
      readRows(path, transport, chunk, (row) => rows.push(row));
      for (const row of rows) {
        const addresses = addressesOf(row);
        if (addresses === undefined) continue;
        yield { transport, family, row, ...addresses, state: transport === 'tcp' ? tcpState(row) : '' };
      }
    }
  }
}

function tcpState(row: SocketRow): string {
  return row.state === 'listening' ? 'LISTEN' : (tcpStates[Number.parseInt(row.stateHex, 16)] ?? '');
}

/** Who holds which socket, by its inode: a socket that was handed on has several holders. */
function holdersOf(
  host: QueryHost,
): ReadonlyMap<number, readonly { readonly pid: number; readonly fd: number }[]> {
  const holders = new Map<number, { pid: number; fd: number }[]>();
  for (const { pid, fd, link } of descriptorsOf(host)) {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode === undefined) continue;
    const known = holders.get(Number(inode));
    if (known === undefined) holders.set(Number(inode), [{ pid, fd }]);
    else known.push({ pid, fd });
  }
  return holders;
}

const unknownHolder = [{ pid: -1, fd: -1 }];

export function* processOpenSockets(host: QueryHost): Iterable<RowOf<typeof openSpec>> {
  const holders = holdersOf(host);
  for (const { transport, family, row, local, remote, state } of internetSockets(host)) {
    for (const { pid, fd } of holders.get(row.inode) ?? unknownHolder)
      yield {
        ...{ pid, fd, state },
        socket: row.inode,
        family: families[family],
        protocol: protocols[transport],
        local_address: local,
        remote_address: remote,
        local_port: row.localPort,
        remote_port: row.remotePort,
        uid: Number(row.userId),
      };
  }
}

export function* listeningPorts(host: QueryHost): Iterable<RowOf<typeof listeningSpec>> {
  for (const socket of processOpenSockets(host)) {
    const { pid, fd, protocol, family } = socket;
    const listens = protocol === protocols.tcp ? socket.state === 'LISTEN' : socket.remote_port === 0;
    if (!listens) continue;
    yield {
      ...{ pid, fd, protocol, family },
      port: socket.local_port,
      address: socket.local_address,
      socket: socket.socket,
      uid: socket.uid,
    };
  }
}

const localSocket = /^\S+ \S+ \S+ ([\da-f]{8}) ([\da-f]{4}) ([\da-f]{2}) +(\d+)(?: (.*))?$/i;

export function* sockets(host: QueryHost): Iterable<RowOf<typeof socketsSpec>> {
  for (const { transport, family, row, local, remote, state } of internetSockets(host))
    yield {
      ...{ family, state },
      protocol: transport,
      local_address: local,
      local_port: row.localPort,
      remote_address: remote,
      remote_port: row.remotePort,
      uid: Number(row.userId),
      socket: row.inode,
    };
  for (const line of linesAt(join(host.procRoot, 'net/unix'))) {
    const [, flags = '', type = '', state = '', inode, path] = localSocket.exec(line) ?? [];
    if (inode === undefined) continue;
    const isListening = (Number.parseInt(flags, 16) & acceptsFlag) !== 0;
    yield {
      family: 'unix',
      protocol: socketTypes[type] ?? type,
      state: isListening ? 'LISTEN' : state === '03' ? 'ESTABLISHED' : '',
      local_address: path,
      socket: Number(inode),
    };
  }
}
