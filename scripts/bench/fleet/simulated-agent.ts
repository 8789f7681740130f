/** One agent of the fleet: real TLS, frames, batches and waits, without sensors and with its outbox in memory. */
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { decodeCollectorFrame, encodeFrame, protocolVersion, subprotocol } from '#shared/protocol/frames.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import { Backoff } from '../../../agent/uplink/backoff.ts';

export interface Credentials {
  readonly hostId: string;
  readonly certificate: string;
  readonly key: string;
}

export interface FleetOptions {
  /** `host:port` of the collector. */
  readonly address: string;
  readonly ca: string;
  /** What every batch holds. */
  readonly data: Uint8Array;
  readonly batchEvents: number;
}

/** As the agent's own settings have them. */
const backoffMs = { min: 500, max: 30_000 };
const pingMs = 15_000;

export class SimulatedAgent {
  readonly #o: FleetOptions;
  readonly #who: Credentials;
  readonly #backoff = new Backoff(backoffMs.min, backoffMs.max);
  readonly #stream: string;
  /** When each batch that is not acknowledged was made, oldest first. */
  readonly #pending: number[] = [];
  #marked = 0;
  #sent = 0;
  #credit = 0;
  #socket: WebSocket | undefined;
  #pinging: NodeJS.Timeout | undefined;
  #isStopping = false;
  isConnected = false;
  attempts = 0;
  /** Milliseconds from making to acknowledgement, of those acknowledged since they were last taken. */
  delaysMs: number[] = [];

  constructor(who: Credentials, options: FleetOptions) {
    this.#who = who;
    this.#o = options;
    this.#stream = who.hostId;
  }

  get pending(): number {
    return this.#pending.length;
  }

  get acknowledged(): number {
    return this.#marked;
  }

  /** Makes a batch, and sends it if the credit lets it. */
  emit(): void {
    this.#pending.push(performance.now());
    this.#fill();
  }

  connect(): void {
    const { address, ca } = this.#o;
    const { certificate: cert, key } = this.#who;
    const options: ClientOptions & ConnectionOptions = {
      ...{ ca, cert, key, servername: collectorName, minVersion: 'TLSv1.3' },
      ...{ perMessageDeflate: false, handshakeTimeout: 45_000 },
    };
    this.attempts++;
    const socket = new WebSocket(`wss://${address}/agent`, subprotocol, options);
    this.#socket = socket;
    const facts = { hostname: `fleet-${this.#who.hostId.slice(-5)}`, os: 'linux' };
    socket.on('open', () =>
      socket.send(encodeFrame({ kind: 'hello', version: protocolVersion, pending: this.pending, facts })),
    );
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => this.#receive(data));
    socket.on('close', () => this.#closed());
  }

  #receive(data: Buffer): void {
    const frame = decodeCollectorFrame(data);
    if (!frame.ok) throw frame.error;
    if (frame.value.kind === 'hello') {
      this.isConnected = true;
      this.#credit = frame.value.credit;
      this.#backoff.reset();
      this.#sent = 0;
      const wait = () => pingMs * (0.9 + Math.random() / 5);
      const ping = () => {
        this.#socket?.send(encodeFrame({ kind: 'ping', sentAt: Date.now() * 1000, pending: this.pending }));
        this.#pinging = setTimeout(ping, wait());
      };
      this.#pinging = setTimeout(ping, wait());
    }
    if (frame.value.kind === 'ack') {
      this.#credit = frame.value.credit;
      const now = performance.now();
      for (; this.#marked < frame.value.mark; this.#marked++) {
        this.delaysMs.push(now - (this.#pending.shift() as number));
        this.#sent--;
      }
    }
    this.#fill();
  }

  #fill(): void {
    if (!this.isConnected) return;
    const { data, batchEvents } = this.#o;
    while (this.#sent < this.#pending.length && this.#sent * data.length < this.#credit) {
      const sequence = this.#marked + ++this.#sent;
      const collected = sequence * batchEvents;
      this.#socket?.send(encodeFrame({ kind: 'batch', stream: this.#stream, sequence, collected, data }));
    }
  }

  #closed(): void {
    clearTimeout(this.#pinging);
    this.isConnected = false;
    if (!this.#isStopping) setTimeout(() => this.connect(), this.#backoff.next());
  }

  stop(): void {
    this.#isStopping = true;
    this.#socket?.terminate();
  }
}
