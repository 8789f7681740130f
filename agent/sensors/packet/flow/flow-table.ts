import { secondUs } from '../bounds.ts';
import { type Packet, tcp, tcpFlag } from '../decode/packet.ts';
import { Flow, isSenderClient } from './flow.ts';
import type { EndReason } from './flow-event.ts';

/** Without a packet, after which a flow is over. TCP that is only sampled may well be silent for long. */
const idleUs = { tcp: 3600 * secondUs, udp: 60 * secondUs } as const;
/** A SYN gets its answer before, or never. */
const unansweredUs = 30 * secondUs;
/** A flow that ended is remembered for its stragglers, a quarter as many of them as of flows. */
const lingerUs = 5 * secondUs;
/** A message not whole by then is given up. */
const streamUs = 10 * secondUs;

export interface FlowTableOptions {
  readonly flows: number;
  readonly flowReportUs: number;
  /** Told of a flow that ended, or goes on since so long that it is due (no reason). */
  readonly onTold: (flow: Flow, reason: EndReason | undefined) => void;
  /** Told of a flow whose payload is held in vain: the rest of a message is overdue, or will not come. */
  readonly onOverdue: (flow: Flow) => void;
}

/**
 * Flows by their packets, bounded. A flow in which only one side has spoken yields its place only to its like, so
 * that no flood of SYNs puts others out.
 */
export class FlowTable {
  readonly #options: FlowTableOptions;
  readonly #byKey = new Map<string, Flow>();
  /** In order of their begin. */
  readonly #oneSided = new Set<Flow>();
  readonly #answered = new Set<Flow>();
  /** In order of their end. */
  readonly #ended = new Set<Flow>();
  readonly #keyBytes = Buffer.alloc(37);
  /** Flows given up because the table was full. */
  evicted = 0;

  constructor(options: FlowTableOptions) {
    this.#options = options;
  }

  /** The flow of the packet; undefined when there is none and the packet begins none. */
  find(packet: Packet): Flow | undefined {
    const senderKey = this.#keyOf(packet, false);
    const known = this.#byKey.get(senderKey);
    const isSyn = packet.transport === tcp && (packet.flags & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn;
    if (known !== undefined && !(isSyn && isAnother(known, packet, senderKey))) return known;
    if (known !== undefined) this.#replace(known);
    const isEnding = (packet.flags & (tcpFlag.rst | tcpFlag.fin)) !== 0;
    if (
      packet.transport === tcp &&
      (isEnding || (!(packet.flags & tcpFlag.syn) && packet.payloadLength === 0))
    ) {
      return undefined;
    }
    return this.#add(new Flow(packet, isSenderClient(packet), senderKey, this.#keyOf(packet, true)));
  }

  /** Says that both sides have spoken. */
  answered(flow: Flow): void {
    if (!this.#oneSided.delete(flow)) return;
    if (this.#answered.size >= Math.ceil(this.#options.flows / 2)) this.#evict(this.#answered);
    this.#answered.add(flow);
  }

  /** Ends a flow at its own word; it stays for a little. */
  end(flow: Flow, reason: EndReason): void {
    if (flow.endedUs !== undefined) return;
    flow.endedUs = flow.lastUs;
    if (flow.streamUs !== 0) this.#options.onOverdue(flow);
    this.#oneSided.delete(flow);
    this.#answered.delete(flow);
    this.#ended.add(flow);
    if (this.#ended.size > this.#options.flows / 4) this.#forget(this.#ended.values().next().value as Flow);
    this.#options.onTold(flow, reason);
  }

  /** Ends what is over at this time, and tells of what goes on. */
  sweep(nowUs: number): void {
    for (const flow of this.#oneSided) this.#age(flow, nowUs);
    for (const flow of this.#answered) this.#age(flow, nowUs);
    for (const flow of this.#ended) {
      if (Math.abs(nowUs - (flow.endedUs ?? 0)) > lingerUs) this.#forget(flow);
    }
  }

  /** Ends everything. */
  close(): void {
    for (const flow of [...this.#oneSided, ...this.#answered]) this.#drop(flow, 'capture-ended');
  }

  #age(flow: Flow, nowUs: number): void {
    const silentUs = nowUs - flow.lastUs;
    const { transport } = flow.endpoints;
    if (transport === 'tcp' && !flow.isAnswered && silentUs > unansweredUs) {
      this.#drop(flow, flow.client.synSeen ? 'unanswered' : 'idle');
    } else if (silentUs > idleUs[transport]) this.#drop(flow, 'idle');
    else {
      if (flow.streamUs !== 0 && nowUs - flow.streamUs > streamUs) this.#options.onOverdue(flow);
      if (nowUs - flow.toldUs >= this.#options.flowReportUs) this.#report(flow, nowUs);
    }
  }

  #report(flow: Flow, nowUs: number): void {
    flow.toldUs = nowUs;
    if (flow.bytes === flow.toldBytes) return;
    flow.toldBytes = flow.bytes;
    this.#options.onTold(flow, undefined);
  }

  #add(flow: Flow): Flow {
    if (this.#oneSided.size >= Math.floor(this.#options.flows / 2)) this.#evict(this.#oneSided);
    this.#oneSided.add(flow);
    this.#byKey.set(flow.clientKey, flow);
    this.#byKey.set(flow.serverKey, flow);
    return flow;
  }

  #evict(from: Set<Flow>): void {
    const [oldest] = from;
    if (oldest === undefined) return;
    this.evicted++;
    this.#drop(oldest, 'evicted');
  }

  /** The ports were taken for another connection; the end of the last one was missed if it was not told. */
  #replace(flow: Flow): void {
    this.#drop(flow, flow.isAnswered ? 'idle' : 'unanswered');
  }

  #drop(flow: Flow, reason: EndReason): void {
    this.end(flow, reason);
    this.#forget(flow);
  }

  #forget(flow: Flow): void {
    this.#ended.delete(flow);
    if (this.#byKey.get(flow.clientKey) === flow) this.#byKey.delete(flow.clientKey);
    if (this.#byKey.get(flow.serverKey) === flow) this.#byKey.delete(flow.serverKey);
  }

  /** Transport, sender and receiver as Latin-1 text; `turned` as packets the other way have it. */
  #keyOf(packet: Packet, turned: boolean): string {
    const { bytes, addressesAt: at, addressLength: length, portsAt } = packet;
    const key = this.#keyBytes;
    key[0] = packet.transport;
    bytes.copy(key, turned ? 1 + length : 1, at, at + length);
    bytes.copy(key, turned ? 1 : 1 + length, at + length, at + 2 * length);
    const ports = 1 + 2 * length;
    bytes.copy(key, turned ? ports + 2 : ports, portsAt, portsAt + 2);
    bytes.copy(key, turned ? ports : ports + 2, portsAt + 2, portsAt + 4);
    return key.toString('latin1', 0, ports + 4);
  }
}

/** Whether a SYN begins another connection than the flow of its addresses, rather than being sent again. */
function isAnother(flow: Flow, packet: Packet, senderKey: string): boolean {
  const end = flow.clientKey === senderKey ? flow.client : flow.server;
  return flow.endedUs !== undefined || (end.synSeen && end.base !== (packet.sequence + 1) >>> 0);
}
