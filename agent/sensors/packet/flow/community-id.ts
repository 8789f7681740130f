import { hash } from 'node:crypto';
import type { Packet } from '../decode/packet.ts';

const seed = 0;

/**
 * Community ID of a packet's flow, version 1 (https://github.com/corelight/community-id-spec): SHA-1 over the seed,
 * the addresses and ports with the smaller end first, and the protocol.
 */
export function communityId(packet: Packet): string {
  const { bytes, addressesAt: at, addressLength: length, portsAt } = packet;
  const tuple = Buffer.alloc(2 + 2 * length + 6);
  tuple.writeUInt16BE(seed, 0);
  const order =
    bytes.compare(bytes, at + length, at + 2 * length, at, at + length) ||
    packet.sourcePort - packet.destinationPort;
  const swapped = order > 0;
  bytes.copy(tuple, 2, swapped ? at + length : at, swapped ? at + 2 * length : at + length);
  bytes.copy(tuple, 2 + length, swapped ? at : at + length, swapped ? at + length : at + 2 * length);
  tuple.writeUInt8(packet.transport, 2 + 2 * length);
  bytes.copy(tuple, 4 + 2 * length, swapped ? portsAt + 2 : portsAt, swapped ? portsAt + 4 : portsAt + 2);
  bytes.copy(tuple, 6 + 2 * length, swapped ? portsAt : portsAt + 2, swapped ? portsAt + 2 : portsAt + 4);
  return `1:${hash('sha1', tuple, 'base64')}`;
}
