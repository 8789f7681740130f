import { addressAt } from '../decode/addresses.ts';
import { type Packet, tcp, tcpFlag, udp } from '../decode/packet.ts';
import { communityId } from './community-id.ts';
import type { Endpoints } from './endpoints.ts';
import { FlowEnd } from './flow-end.ts';

/** A connection or an exchange of datagrams. */
export class Flow {
  readonly endpoints: Endpoints;
  /** Keys under which packets of either direction find it. */
  readonly clientKey: string;
  readonly serverKey: string;
  readonly client = new FlowEnd();
  readonly server = new FlowEnd();
  readonly firstUs: number;
  lastUs: number;
  /** TCP flags of both directions. */
  flags = 0;
  /** Some packets stand for several. */
  isEstimated = false;
  /** Both sides have spoken. */
  isAnswered = false;
  /** When it ended; it is kept a little longer, so that stragglers make no new flow. */
  endedUs: number | undefined;
  /** When it was last told of, and how many bytes it had then. */
  toldUs: number;
  toldBytes = 0;
  /** When a decoder began to hold payload; 0 when none does. */
  streamUs = 0;

  constructor(packet: Packet, isFromClient: boolean, senderKey: string, receiverKey: string) {
    const { bytes, addressesAt: at, addressLength: length, timeUs } = packet;
    const sender = addressAt(bytes, at, length);
    const receiver = addressAt(bytes, at + length, length);
    this.endpoints = {
      transport: packet.transport === tcp ? 'tcp' : 'udp',
      clientIp: isFromClient ? sender : receiver,
      clientPort: isFromClient ? packet.sourcePort : packet.destinationPort,
      serverIp: isFromClient ? receiver : sender,
      serverPort: isFromClient ? packet.destinationPort : packet.sourcePort,
      communityId: communityId(packet),
    };
    this.clientKey = isFromClient ? senderKey : receiverKey;
    this.serverKey = isFromClient ? receiverKey : senderKey;
    this.firstUs = timeUs;
    this.lastUs = timeUs;
    this.toldUs = timeUs;
  }

  get bytes(): number {
    return this.client.bytes + this.server.bytes;
  }

  /** Counts a packet that stands for `weight` of its kind. */
  count(packet: Packet, isFromClient: boolean, weight: number): void {
    const end = isFromClient ? this.client : this.server;
    const other = isFromClient ? this.server : this.client;
    this.lastUs = Math.max(this.lastUs, packet.timeUs);
    this.flags |= packet.flags;
    end.packets += weight;
    if (other.packets > 0) this.isAnswered = true;
    if (weight !== 1) this.isEstimated = true;
    if (packet.transport === udp) {
      end.bytes += packet.payloadLength * weight;
      return;
    }
    end.sent(packet.sequence, packet.payloadLength, packet.flags);
    if ((packet.flags & tcpFlag.ack) !== 0) other.acknowledged(packet.acknowledgement);
  }
}

/**
 * Whether the sender of a flow's first seen packet is the client: who sends a SYN is, who answers one is not, and
 * where the begin was missed the lower port is likely the server's.
 */
export function isSenderClient(packet: Packet): boolean {
  const { flags, sourcePort, destinationPort } = packet;
  if (packet.transport === tcp && (flags & tcpFlag.syn) !== 0) return (flags & tcpFlag.ack) === 0;
  return sourcePort >= destinationPort || (packet.transport === udp && sourcePort >= 1024);
}
