import { endianness } from 'node:os';

/** The kernel prints each 32-bit word of an address in the processor's byte order (net/ipv4/tcp_ipv4.c). */
const littleEndian = endianness() === 'LE';

/** Text of an address as /proc/net prints it: 8 hex digits for IPv4, 32 for IPv6. Undefined for anything else. */
export function addressText(hex: string): string | undefined {
  const bytes = addressBytes(hex);
  if (bytes?.length === 4) return bytes.join('.');
  return bytes?.length === 16 ? ipv6Text(bytes) : undefined;
}

function addressBytes(hex: string): Uint8Array | undefined {
  if ((hex.length !== 8 && hex.length !== 32) || !/^[0-9A-Fa-f]+$/.test(hex)) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const place = littleEndian ? (i & ~3) + (3 - (i & 3)) : i;
    bytes[place] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

/**
 * Canonical text of 16 bytes (RFC 5952): lower case, no leading zeros, the first longest run of two or more zero
 * groups as `::`. IPv4-mapped addresses (::ffff:0:0/96) become plain IPv4.
 */
export function ipv6Text(bytes: Uint8Array): string {
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const { from, length } = longestZeroRun(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

function longestZeroRun(groups: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { from: i - length + 1, length };
  }
  return best;
}
