import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { Packet } from './decode/packet.ts';
import { parseMessage } from './dns/message.ts';
import type { DnsProtocol, DnsTransactions } from './dns/transactions.ts';
import { type Endpoints, turned } from './flow/endpoints.ts';
import type { Flow } from './flow/flow.ts';
import type { FlowEnd } from './flow/flow-end.ts';
import { HeadStream, type StreamBudget } from './flow/head-stream.ts';
import { requestEvent } from './http/event.ts';
import { beginsRequest, maxRequestBytes, readRequest } from './http/request.ts';
import { beginsHello, maxHelloBytes, readClientHello } from './tls/client-hello.ts';
import { helloEvent } from './tls/event.ts';

const dnsPort = 53;
const mdnsPort = 5353;
const llmnrPort = 5355;
/** A DNS message over TCP has a length before it of two bytes (RFC 7766 §8). */
const maxDnsStreamBytes = 2 + 65_535;
const maxStreamBytes = Math.max(maxHelloBytes, maxRequestBytes) + 1024;

/** Which protocol of the DNS family a flow speaks, by its ports. */
export function dnsProtocol(sourcePort: number, destinationPort: number): DnsProtocol | undefined {
  if (sourcePort === dnsPort || destinationPort === dnsPort) return 'dns';
  if (sourcePort === mdnsPort || destinationPort === mdnsPort) return 'mdns';
  return sourcePort === llmnrPort || destinationPort === llmnrPort ? 'llmnr' : undefined;
}

export interface PayloadOptions {
  readonly dns: DnsTransactions;
  readonly budget: StreamBudget;
  readonly onTold: (event: AnyEvent, endpoints: Endpoints) => void;
}

/** What became of bytes given to a decoder: it wants more than those it has not used, it is done, or they are not its own. */
type Outcome = { readonly more: true; readonly used: number } | 'done' | 'none';
const more: Outcome = { more: true, used: 0 };

/** Where a stretch of payload comes from. */
interface Part {
  /** The sender first. */
  readonly endpoints: Endpoints;
  readonly timeUs: number;
  /** It stands at the begin of what its side sends. */
  readonly isBegin: boolean;
  /** No more will come: the packet was captured in part only, or the rest is overdue. */
  readonly isAll: boolean;
}

/** Payload to events: DNS by its ports, TLS hellos and HTTP requests by how they begin, on whichever port. */
export class PayloadDecoder {
  readonly #options: PayloadOptions;
  /** Messages of a known kind that were not in order. */
  malformed = 0;

  constructor(options: PayloadOptions) {
    this.#options = options;
  }

  /** A datagram of one of the protocols of `dnsProtocol`. `endpoints` has its sender as the client. */
  datagram(packet: Packet, protocol: DnsProtocol, endpoints: Endpoints): void {
    this.#dnsMessage(packet.bytes, packet.payloadAt, packet.payloadEnd, endpoints, protocol, packet.timeUs);
  }

  /** A TCP segment with payload. */
  segment(flow: Flow, packet: Packet, isFromClient: boolean): void {
    const end = isFromClient ? flow.client : flow.server;
    const { bytes, payloadAt, payloadEnd, sequence } = packet;
    if (end.stream !== undefined) {
      const outcome = end.stream.offer(sequence, bytes, payloadAt, payloadEnd);
      if (outcome === 'grown') this.#decodeStream(flow, end, isFromClient, packet);
      else if (outcome === 'refused') endStream(end);
      return;
    }
    const offset = (sequence - end.base) | 0;
    const isMissingBegin = end.synSeen && !end.headSeen && offset > 0 && offset < maxStreamBytes;
    if (isMissingBegin) {
      this.#hold(flow, end, end.base, packet);
      return;
    }
    const part = {
      endpoints: endpointsFrom(flow, isFromClient),
      timeUs: packet.timeUs,
      isBegin: end.synSeen && offset === 0,
      isAll: payloadEnd - payloadAt < packet.payloadLength,
    };
    const outcome = this.#decode(bytes, payloadAt, payloadEnd, part);
    if (typeof outcome === 'string' || part.isAll) end.headSeen = true;
    else this.#hold(flow, end, (sequence + outcome.used) >>> 0, packet);
  }

  /** Takes what is held of a flow for all there will be, and lets go of it. */
  finish(flow: Flow): void {
    for (const end of [flow.client, flow.server]) {
      if (end.stream === undefined) continue;
      const { bytes } = end.stream;
      const endpoints = endpointsFrom(flow, end === flow.client);
      const part = { endpoints, timeUs: flow.streamUs, isBegin: true, isAll: true };
      if (bytes.length > 0) this.#decode(bytes, 0, bytes.length, part);
      endStream(end);
    }
    flow.streamUs = 0;
  }

  /** Keeps the segment until its message is whole. */
  #hold(flow: Flow, end: FlowEnd, first: number, packet: Packet): void {
    const most =
      dnsProtocol(packet.sourcePort, packet.destinationPort) === 'dns' ? maxDnsStreamBytes : maxStreamBytes;
    const stream = new HeadStream(first, most, this.#options.budget);
    end.stream = stream;
    flow.streamUs = packet.timeUs;
    if (stream.offer(packet.sequence, packet.bytes, packet.payloadAt, packet.payloadEnd) === 'refused')
      endStream(end);
  }

  #decodeStream(flow: Flow, end: FlowEnd, isFromClient: boolean, packet: Packet): void {
    const stream = end.stream as HeadStream;
    if (!stream.isDue) return;
    const { bytes } = stream;
    const endpoints = endpointsFrom(flow, isFromClient);
    const part = { endpoints, timeUs: packet.timeUs, isBegin: true, isAll: false };
    const outcome = this.#decode(bytes, 0, bytes.length, part);
    if (typeof outcome !== 'string') {
      if (outcome.used > 0 || !stream.isFull) {
        stream.postpone(outcome.used);
        return;
      }
      this.malformed++;
    }
    end.headSeen = true;
    endStream(end);
  }

  #decode(bytes: Buffer, from: number, to: number, part: Part): Outcome {
    const { endpoints, timeUs } = part;
    if (endpoints.clientPort === dnsPort || endpoints.serverPort === dnsPort) {
      return this.#dnsStream(bytes, from, to, endpoints, timeUs);
    }
    if (beginsHello(bytes, from, to)) return this.#hello(bytes, from, to, part);
    if (beginsRequest(bytes, from, to)) return this.#request(bytes, from, to, part);
    return part.isBegin && mayBegin(bytes, from, to) ? more : 'none';
  }

  #hello(bytes: Buffer, from: number, to: number, { endpoints, timeUs, isAll }: Part): Outcome {
    const hello = readClientHello(bytes, from, to);
    if (hello === 'none' || (hello === 'more' && isAll)) this.malformed++;
    else if (hello !== 'more') this.#options.onTold(helloEvent(hello, endpoints, timeUs), endpoints);
    return hello === 'more' ? more : 'done';
  }

  #request(bytes: Buffer, from: number, to: number, { endpoints, timeUs, isAll }: Part): Outcome {
    const request = readRequest(bytes, from, to, isAll);
    if (request === 'more') return more;
    if (request !== 'none') this.#options.onTold(requestEvent(request, endpoints, timeUs), endpoints);
    return request === 'none' ? 'none' : 'done';
  }

  /** All whole messages; what is left of the last one is waited for. */
  #dnsStream(bytes: Buffer, from: number, to: number, endpoints: Endpoints, timeUs: number): Outcome {
    let at = from;
    while (at + 2 <= to) {
      const messageEnd = at + 2 + bytes.readUInt16BE(at);
      if (messageEnd > to) break;
      if (!this.#dnsMessage(bytes, at + 2, messageEnd, endpoints, 'dns', timeUs)) return 'none';
      at = messageEnd;
    }
    return at === to ? 'done' : { more: true, used: at - from };
  }

  #dnsMessage(
    bytes: Buffer,
    from: number,
    to: number,
    endpoints: Endpoints,
    protocol: DnsProtocol,
    timeUs: number,
  ): boolean {
    const message = parseMessage(bytes, from, to);
    if (message === undefined) this.malformed++;
    else this.#options.dns.take(message, endpoints, protocol, timeUs);
    return message !== undefined;
  }
}

function endpointsFrom(flow: Flow, isFromClient: boolean): Endpoints {
  return isFromClient ? flow.endpoints : turned(flow.endpoints);
}

function endStream(end: FlowEnd): void {
  end.stream?.end();
  end.stream = undefined;
}

/** Whether so few bytes may become a hello or a request. */
function mayBegin(bytes: Buffer, from: number, to: number): boolean {
  if (from === to) return true;
  if (to - from >= 9) return false;
  if (bytes[from] === 22) return to - from < 6;
  return /^[A-Z]+ ?$/.test(bytes.toString('latin1', from, to));
}
