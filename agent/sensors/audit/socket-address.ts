import { endianness } from 'node:os';
import { ipv6Text } from '../network/addresses.linux.ts';

export interface SocketAddress {
  /** Canonical text; undefined for sockets that are not of the internet. */
  readonly ip?: string;
  readonly port?: number;
  /** Of a Unix socket; an abstract one begins with @. */
  readonly path?: string;
}

/** sa_family_t of linux/socket.h. */
const families = { unix: 1, inet: 2, inet6: 10 } as const;

/** Takes the hex of a struct sockaddr apart, as `saddr` of SOCKADDR records holds it. Undefined for other families. */
export function socketAddressOf(hex: string | undefined): SocketAddress | undefined {
  if (hex === undefined || hex.length % 2 !== 0 || !/^[0-9A-F]{4,512}$/i.test(hex)) return undefined;
  const bytes = Buffer.from(hex, 'hex');
  const family = endianness() === 'BE' ? bytes.readUInt16BE(0) : bytes.readUInt16LE(0);
  if (family === families.inet && bytes.length >= 8)
    return { ip: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(2) };
  if (family === families.inet6 && bytes.length >= 24)
    return { ip: ipv6Text(bytes.subarray(8, 24)), port: bytes.readUInt16BE(2) };
  if (family !== families.unix) return undefined;
  const abstract = bytes[2] === 0 && bytes.length > 3;
  const name = bytes.subarray(abstract ? 3 : 2);
  const end = name.indexOf(0);
  const text = name.toString('utf8', 0, end < 0 ? name.length : end);
  return { path: abstract ? `@${text}` : text };
}
