import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import type { Systeminformation } from 'systeminformation';
import { nowUs } from '#shared/clock.ts';
import type { ProcessTable } from '../process/table.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { type Connection, connectionEvent } from './connections.ts';

type Row = Systeminformation.NetworkConnectionsData;

const openStates = new Set(['ESTABLISHED', 'CLOSE_WAIT', 'FIN_WAIT1', 'FIN_WAIT2', 'LAST_ACK', 'CLOSING']);

/** Sockets through systeminformation (netstat, ss or lsof, whichever the system has). */
export class NetworkPortable implements Provider {
  readonly kind = 'portable';
  readonly mode = 'sampled';
  readonly #processes: ProcessTable;
  #kept = new Map<string, Connection>();
  #first = true;

  constructor(processes: ProcessTable) {
    this.#processes = processes;
  }

  async open(): Promise<string | undefined> {
    const rows = await connectionRows();
    return rows.length > 0 ? undefined : 'no tool here lists sockets (netstat, ss), or there are none';
  }

  async look(emit: Emit): Promise<void> {
    const rows = await connectionRows();
    const time = nowUs();
    const listening = new Set(rows.filter(isListening).map((row) => `${transportOf(row)} ${row.localPort}`));
    const seen = new Map<string, Connection>();
    for (const row of rows) {
      const connection = this.#connectionOf(row, listening);
      if (connection === undefined || seen.has(connection.id)) continue;
      const known = this.#kept.get(connection.id);
      seen.set(connection.id, known ?? connection);
      if (known === undefined)
        emit(connectionEvent(connection, connection.how, { time, baseline: this.#first }));
    }
    for (const [id, connection] of this.#kept) {
      if (!seen.has(id)) emit(connectionEvent(connection, 'closed', { time }));
    }
    this.#kept = seen;
    this.#first = false;
  }

  note(): string {
    return 'sampled through system tools: connections shorter than the interval are not seen';
  }

  async close(): Promise<void> {
    this.#kept.clear();
  }

  #connectionOf(row: Row, listening: ReadonlySet<string>): Connection | undefined {
    const transport = transportOf(row);
    const silent = isListening(row);
    const localIp = addressOf(row.localAddress, row.protocol);
    const remoteIp = silent ? '' : addressOf(row.peerAddress, row.protocol);
    const localPort = Number.parseInt(row.localPort, 10);
    const remotePort = silent ? 0 : Number.parseInt(row.peerPort, 10);
    if (localIp === undefined || remoteIp === undefined || Number.isNaN(localPort + remotePort))
      return undefined;
    if (!silent && transport === 'tcp' && !openStates.has(row.state)) return undefined;
    const ownerPid = row.pid > 0 ? row.pid : undefined;
    const owner = ownerPid === undefined ? undefined : this.#processes.get(ownerPid);
    const key = `${transport} ${localIp} ${localPort} ${remoteIp} ${remotePort} ${ownerPid ?? ''}`;
    return {
      id: hash('sha256', key).slice(0, 20),
      transport,
      how: silent ? 'listening' : listening.has(`${transport} ${localPort}`) ? 'accepted' : 'connected',
      localIp,
      localPort,
      remoteIp,
      remotePort,
      ownerPid,
      owner,
      userId: owner?.userId,
      userName: owner?.userName,
    };
  }
}

async function connectionRows(): Promise<Row[]> {
  const { networkConnections } = await import('systeminformation');
  const rows = await networkConnections();
  return rows.filter((row) => /^(?:tcp|udp)/i.test(row.protocol));
}

function transportOf(row: Row): 'tcp' | 'udp' {
  return row.protocol.toLowerCase().startsWith('udp') ? 'udp' : 'tcp';
}

function isListening(row: Row): boolean {
  if (row.state === 'LISTEN') return true;
  return transportOf(row) === 'udp' && !/^[1-9]\d*$/.test(row.peerPort);
}

/** What the tools print, as an address: `*` is any, brackets and zones go, IPv4-mapped becomes IPv4. */
function addressOf(text: string, protocol: string): string | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (bare === '*' || bare === '') return protocol.endsWith('6') ? '::' : '0.0.0.0';
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare.toLowerCase();
  return isIP(plain) === 0 ? undefined : plain;
}
