import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { type Bounds, secondUs } from './bounds.ts';
import { addressAt } from './decode/addresses.ts';
import { Packet, tcp, tcpFlag, udp } from './decode/packet.ts';
import { DnsTransactions } from './dns/transactions.ts';
import { communityId } from './flow/community-id.ts';
import type { Endpoints } from './flow/endpoints.ts';
import type { Flow } from './flow/flow.ts';
import { type EndReason, flowEvent } from './flow/flow-event.ts';
import { FlowTable } from './flow/flow-table.ts';
import { StreamBudget } from './flow/head-stream.ts';
import { dnsProtocol, PayloadDecoder } from './payload.ts';
import { ScanDetector } from './scan/scan-detector.ts';

export interface TrafficOptions {
  readonly bounds: Bounds;
  /** No packet of the capture was left out on purpose, so that packets may be counted. */
  readonly isComplete: boolean;
  /** `endpoints` where the event is of one flow, for the owner of its socket to be looked up. */
  readonly onTold: (event: AnyEvent, endpoints: Endpoints | undefined) => void;
  /** Told of a connection that begins, while its socket is surely still there. */
  readonly onBegun?: (endpoints: Endpoints) => void;
}

export interface TrafficCounts {
  packets: number;
  /** TCP and UDP that could be read. */
  decoded: number;
  /** In order, but nothing that is looked into: ARP, ICMP, other transports. */
  other: number;
  /** Later fragments of IP packets, which are not put together. */
  fragments: number;
  malformed: number;
}

/** Turns packets into events, one capture at a time. It reads no clock: time is what the packets say. */
export class Traffic {
  readonly counts: TrafficCounts = { packets: 0, decoded: 0, other: 0, fragments: 0, malformed: 0 };
  readonly #options: TrafficOptions;
  readonly #packet = new Packet();
  readonly #flows: FlowTable;
  readonly #dns: DnsTransactions;
  readonly #scans: ScanDetector;
  readonly #budget: StreamBudget;
  readonly #payload: PayloadDecoder;
  #sweptUs = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { bounds, onTold } = options;
    this.#budget = new StreamBudget(bounds.streamBytes);
    this.#dns = new DnsTransactions({ questions: bounds.questions, onTold });
    this.#scans = new ScanDetector(bounds.scanTargets, (event) => onTold(event, undefined));
    this.#payload = new PayloadDecoder({ dns: this.#dns, budget: this.#budget, onTold });
    this.#flows = new FlowTable({
      flows: bounds.flows,
      flowReportUs: bounds.flowReportUs,
      onTold: (flow, reason) => this.#flowTold(flow, reason),
      onOverdue: (flow) => this.#payload.finish(flow),
    });
  }

  /** Messages of a known kind that were malformed, though their packets were not. */
  get malformedMessages(): number {
    return this.#payload.malformed;
  }

  /** What was given up because a bound was reached. */
  get givenUp(): { readonly flows: number; readonly streams: number; readonly scanWindows: number } {
    return { flows: this.#flows.evicted, streams: this.#budget.refused, scanWindows: this.#scans.evicted };
  }

  /**
   * Takes a frame of `bytes` from `start` to `end`, `wireLength` bytes long on the wire. `weightOf` says how many of
   * its kind a decoded packet stands for; one where it is left out.
   */
  take(
    bytes: Buffer,
    start: number,
    end: number,
    wireLength: number,
    timeUs: number,
    linkType: number,
    weightOf?: (packet: Packet) => number,
  ): void {
    this.counts.packets++;
    const packet = this.#packet;
    const decoded = packet.decode(bytes, start, end, wireLength, linkType);
    if (decoded === 'ok') {
      this.counts.decoded++;
      packet.timeUs = timeUs;
      if (packet.transport === tcp) this.#tcp(packet);
      else this.#udp(packet, weightOf?.(packet) ?? 1);
    } else if (decoded === 'fragment') this.counts.fragments++;
    else this.counts[decoded]++;
    this.advance(timeUs);
  }

  /** Says that it is that late, so that what is over is told. */
  advance(nowUs: number): void {
    // A capture may jump either way in time.
    if (Math.abs(nowUs - this.#sweptUs) < secondUs) return;
    this.#sweptUs = nowUs;
    this.#flows.sweep(nowUs);
    this.#dns.sweep(nowUs);
    this.#scans.sweep(nowUs);
  }

  /** Tells everything that is still open. */
  close(): void {
    this.#dns.close();
    this.#scans.close();
    this.#flows.close();
  }

  #udp(packet: Packet, weight: number): void {
    const protocol = dnsProtocol(packet.sourcePort, packet.destinationPort);
    if (protocol !== undefined) {
      this.#payload.datagram(packet, protocol, endpointsOf(packet));
      return;
    }
    const flow = this.#flows.find(packet);
    if (flow === undefined || flow.endedUs !== undefined) return;
    flow.count(packet, isFromClient(flow, packet), weight);
    if (flow.isAnswered) this.#flows.answered(flow);
  }

  #tcp(packet: Packet): void {
    const flow = this.#flows.find(packet);
    if (flow === undefined || flow.endedUs !== undefined) return;
    const fromClient = isFromClient(flow, packet);
    const wasAnswered = flow.server.synSeen;
    flow.count(packet, fromClient, 1);
    const { flags } = packet;
    if ((flags & tcpFlag.rst) !== 0) {
      this.#reset(flow, fromClient);
      return;
    }
    if (flow.isAnswered) this.#flows.answered(flow);
    const { clientIp, serverIp, serverPort } = flow.endpoints;
    if ((flags & tcpFlag.syn) !== 0) {
      if (fromClient && flow.client.packets === 1) this.#options.onBegun?.(flow.endpoints);
      if (fromClient) this.#scans.tried(clientIp, serverIp, serverPort, packet.timeUs);
      else if (!wasAnswered) this.#scans.settled(clientIp, serverIp, serverPort, 'accepted');
    }
    if (packet.payloadAt < packet.payloadEnd && (flags & tcpFlag.syn) === 0) {
      this.#payload.segment(flow, packet, fromClient);
    }
    if (flow.client.finSeen && flow.server.finSeen) this.#flows.end(flow, 'closed');
  }

  #reset(flow: Flow, fromClient: boolean): void {
    const isRefusal = !fromClient && !flow.server.synSeen && flow.client.synSeen;
    const { clientIp, serverIp, serverPort } = flow.endpoints;
    if (isRefusal) this.#scans.settled(clientIp, serverIp, serverPort, 'refused');
    this.#flows.end(flow, isRefusal ? 'refused' : 'reset');
  }

  #flowTold(flow: Flow, reason: EndReason | undefined): void {
    const isVain = reason === 'refused' || reason === 'unanswered';
    if (isVain && this.#scans.isScanning(flow.endpoints.clientIp)) return;
    this.#options.onTold(flowEvent(flow, reason, this.#options.isComplete), flow.endpoints);
  }
}

function isFromClient(flow: Flow, packet: Packet): boolean {
  const { endpoints } = flow;
  if (packet.sourcePort !== packet.destinationPort) return packet.sourcePort === endpoints.clientPort;
  return addressAt(packet.bytes, packet.addressesAt, packet.addressLength) === endpoints.clientIp;
}

/** Of a packet outside any flow: its sender first. */
function endpointsOf(packet: Packet): Endpoints {
  const { bytes, addressesAt: at, addressLength: length } = packet;
  return {
    transport: packet.transport === udp ? 'udp' : 'tcp',
    clientIp: addressAt(bytes, at, length),
    clientPort: packet.sourcePort,
    serverIp: addressAt(bytes, at + length, length),
    serverPort: packet.destinationPort,
    communityId: communityId(packet),
  };
}
