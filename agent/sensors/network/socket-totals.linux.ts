import { isIPv4, isIPv6 } from 'node:net';
import { toolOutput } from '../tool.ts';
import { type Moment, tupleOf } from './connections.ts';

/** Time between two readings: each starts a program. */
const readMs = 30_000;
/** Connections of one reading that are kept. */
const maxConnections = 16_384;

type Bytes = Pick<Moment, 'sentBytes' | 'receivedBytes' | 'bytesSource'>;

const ends = /^(\S+)\s+\d+\s+\d+\s+(\S+):(\d{1,5})\s+(\S+):(\d{1,5})\s/;
/** The other end has sent its last, which the kernel counts as a byte received (RFC 9293, 3.4). */
const afterFin = new Set(['CLOSE-WAIT', 'LAST-ACK', 'CLOSING']);
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An address as ss prints it: in brackets, with the interface, or mapped; undefined when it is none. */
function addressOf(text: string): string | undefined {
  const plain = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const address = mapped.exec(plain)?.[1] ?? plain;
  return isIPv4(address) || isIPv6(address) ? address : undefined;
}

function countOf(line: string, name: string): number {
  return Number(new RegExp(`\\b${name}:(\\d{1,15})\\b`).exec(line)?.[1] ?? 0);
}

/** Bytes by the ends of the connection, from the output of `ss -tinHO` (ss(8)). Lines not understood are passed over. */
export function parseTotals(output: string): Map<string, Bytes> {
  const totals = new Map<string, Bytes>();
  for (const line of output.split('\n')) {
    const [, state = '', local = '', localPort, remote = '', remotePort] = ends.exec(line) ?? [];
    const localIp = addressOf(local);
    const remoteIp = addressOf(remote);
    if (localIp === undefined || remoteIp === undefined) continue;
    if (totals.size >= maxConnections) break;
    const sentBytes = Math.max(0, countOf(line, 'bytes_sent') - countOf(line, 'bytes_retrans'));
    const tuple = {
      how: 'connected',
      localIp,
      localPort: Number(localPort),
      remoteIp,
      remotePort: Number(remotePort),
    } as const;
    totals.set(tupleOf(tuple), {
      sentBytes,
      receivedBytes: Math.max(0, countOf(line, 'bytes_received') - (afterFin.has(state) ? 1 : 0)),
      bytesSource: 'ss',
    });
  }
  return totals;
}

/**
 * What the kernel has counted for each TCP connection (sock_diag), as `ss` tells it now and then: for where the calls
 * that send and receive are not counted. What flowed after the last reading is not in it.
 */
export class SocketTotals {
  #now = new Map<string, Bytes>();
  #before = new Map<string, Bytes>();
  #readAtMs = 0;
  #busy = false;

  /** Reads anew when it is time; does not wait for it. */
  refresh(): void {
    if (this.#busy || Math.abs(Date.now() - this.#readAtMs) < readMs) return;
    this.#busy = true;
    this.#readAtMs = Date.now();
    void toolOutput('ss', ['-tinHO', 'state', 'connected']).then((output) => {
      this.#busy = false;
      this.#before = this.#now;
      this.#now = parseTotals(output ?? '');
    });
  }

  /** The last that was read of a connection that has ended; nothing where it was not there at a reading. */
  of(tuple: string): Bytes {
    return this.#now.get(tuple) ?? this.#before.get(tuple) ?? {};
  }
}
