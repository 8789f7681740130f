import { closeSync, openSync, readSync } from 'node:fs';
import type { BoundedFile } from '../linux/bounded-file.ts';
import { addressText } from './addresses.linux.ts';

export type Transport = 'tcp' | 'udp';

/** One row of /proc/net/{tcp,tcp6,udp,udp6} (proc_net_tcp in the kernel's documentation), still in hex. */
export interface SocketRow {
  readonly transport: Transport;
  /** The same as long as it is the same socket with the same peer. */
  readonly key: string;
  readonly localHex: string;
  readonly localPort: number;
  readonly remoteHex: string;
  readonly remotePort: number;
  readonly state: SocketState;
  /** State of include/net/tcp_states.h, two hex digits. */
  readonly stateHex: string;
  readonly userId: string;
  readonly inode: number;
}

/** `open` has a peer, `listening` has none, `other` is opening, closing or has no owner any more. */
export type SocketState = 'open' | 'listening' | 'other';

/** Rows read from one file; what is beyond is not seen and told in the sensor's note. */
export const maxRows = 131_072;
const maxLineBytes = 1024;

const rowPattern =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +(\d+) +\d+ +(\d+)/;

/** States of include/net/tcp_states.h in which a connection stands, at least one way. */
const openStates = new Set(['01', '04', '05', '08', '09', '0B']);

/** One row, or undefined when the line is a heading or not understood. */
export function parseRow(transport: Transport, line: string): SocketRow | undefined {
  const m = rowPattern.exec(line);
  if (m === null) return undefined;
  const [, localHex = '', localPort = '', remoteHex = '', remotePort = '', st = '', userId = '', inode = ''] =
    m;
  if (localHex.length !== remoteHex.length || (localHex.length !== 8 && localHex.length !== 32))
    return undefined;
  return {
    transport,
    key: `${transport} ${localHex}:${localPort} ${remoteHex}:${remotePort} ${inode}`,
    localHex,
    localPort: Number.parseInt(localPort, 16),
    remoteHex,
    remotePort: Number.parseInt(remotePort, 16),
    state: stateOf(transport, st, /^0+$/.test(remoteHex) && remotePort === '0000', inode === '0'),
    stateHex: st,
    userId,
    inode: Number(inode),
  };
}

function stateOf(transport: Transport, st: string, noPeer: boolean, ownerless: boolean): SocketState {
  if (ownerless) return 'other';
  if (transport === 'udp') return noPeer ? 'listening' : 'open';
  if (st === '0A') return 'listening';
  return openStates.has(st) ? 'open' : 'other';
}

/**
 * Calls `take` with each row of the file. Gives the number of rows, or -1 when the file cannot be read. Lines that
 * are not rows are skipped; reading ends after `maxRows`.
 */
export function readRows(
  path: string,
  transport: Transport,
  chunk: Buffer,
  take: (row: SocketRow) => void,
): number {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return -1;
  }
  try {
    let rows = 0;
    let carry = '';
    for (;;) {
      const got = readSync(fd, chunk, 0, chunk.length, null);
      const lines = (carry + chunk.toString('latin1', 0, got)).split('\n');
      carry = got === 0 ? '' : (lines.pop() ?? '').slice(0, maxLineBytes);
      for (const line of lines) {
        const row = parseRow(transport, line);
        if (row === undefined) continue;
        take(row);
        if (++rows >= maxRows) return rows;
      }
      if (got === 0) return rows;
    }
  } catch {
    return -1;
  } finally {
    closeSync(fd);
  }
}

/** Canonical text of both addresses; undefined when one is malformed. */
export function addressesOf(row: SocketRow): { local: string; remote: string } | undefined {
  const local = addressText(row.localHex);
  const remote = addressText(row.remoteHex);
  return local === undefined || remote === undefined ? undefined : { local, remote };
}

const tcpOpens = /^Tcp: (?:\S+ ){4}(\d+ \d+ \d+ \d+ \d+)/gm;
const tcpInUse = /^TCP6?: inuse \d+/gm;
const udpInUse = /^UDP(?:LITE)?6?: inuse \d+/gm;

/**
 * For each of the transports a text that changes when a connection was opened, accepted or ended, or a socket began or ended:
 * counters of net/snmp (RFC 4022: ActiveOpens, PassiveOpens, AttemptFails, EstabResets, CurrEstab) and of
 * net/sockstat. Listing sockets makes the kernel walk its whole hash table; this does not. Undefined where the
 * counters are missing. A UDP socket that takes the place of another leaves no trace here.
 */
export function socketCounters(
  folder: string,
  file: BoundedFile,
  transports: readonly Transport[],
): Readonly<Partial<Record<Transport, string>>> | undefined {
  // The kernel adds this one up over all processors.
  const opens = transports.includes('tcp') ? file.text(`${folder}/snmp`)?.match(tcpOpens) : [];
  const sockstat = `${file.text(`${folder}/sockstat`) ?? ''}\n${file.text(`${folder}/sockstat6`) ?? ''}`;
  const tcp = sockstat.match(tcpInUse);
  const udp = sockstat.match(udpInUse);
  if (opens === null || opens === undefined || tcp === null || udp === null) return undefined;
  return { tcp: [...opens, ...tcp].join(), udp: udp.join() };
}
