import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { nowUs } from '#shared/clock.ts';
import { type Result, VedetteError } from '#shared/errors.ts';
import {
  type AgentFrame,
  type CollectorFrame,
  decodeCollectorFrame,
  encodeFrame,
  type Feature,
  knownFeatures,
  maxFrameBytes,
  protocolVersion,
  subprotocol,
  versionAdvice,
} from '#shared/protocol/frames.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import type { LiveIdentity } from '../identity/live-identity.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { Backoff } from './backoff.ts';
import { InFlight } from './in-flight.ts';
import { endpointOf, proxyFor, tunnel } from './proxy.ts';

export interface UplinkOptions {
  /** `host:port` of the collector. */
  readonly address: string;
  readonly identity: LiveIdentity;
  /** The setting `proxy`. */
  readonly proxy: string;
  readonly outbox: Outbox;
  readonly facts: Readonly<Record<string, string>>;
  /** Takes the collector's commands; without it the collector is told that there is nobody to. */
  readonly commands?: CommandPort;
  /** Takes scheduled queries, where there is an agent to ask them. */
  readonly schedule?: SchedulePort;
  /** Takes bundles of rules, where there is an agent to run them. */
  readonly bundle?: BundlePort;
  readonly backoffMs: { readonly min: number; readonly max: number };
  readonly pingMs: number;
  /** Silence of the collector after which the connection is given up. */
  readonly stallMs: number;
  readonly log: (event: UplinkEvent) => void;
}

/** Where commands go; see agent/commands/runner.ts. Never throws. */
export interface CommandPort {
  /** The collector's time, microseconds since the epoch. */
  noteTime(timeUs: number): void;
  /** `sendPart` where the collector takes parts: resolves when the part has left, rejects when the connection is gone. */
  connected(
    send: (frame: AgentFrame & { readonly kind: 'result' }) => void,
    sendPart?: (frame: AgentFrame & { readonly kind: 'part' }) => Promise<void>,
  ): void;
  disconnected(): void;
  receive(frame: CollectorFrame & { readonly kind: 'command' }): void;
  settled(id: string): void;
  cancel(id: string): void;
}

/** Takes the queries this host is to ask itself; see agent/schedule/. Never throws. */
export interface SchedulePort {
  accept(queries: Uint8Array): void;
}

/** Takes bundles of rules; see agent/bundle/keeper.ts. Never throws. */
export interface BundlePort {
  connected(send: (frame: AgentFrame & { readonly kind: 'rules' }) => void): void;
  disconnected(): void;
  root(bytes: Uint8Array): void;
  receive(frame: CollectorFrame & { readonly kind: 'bundle' }): void;
  /** Says how it stands once more. */
  tell(): void;
}

export type UplinkEvent =
  | { readonly what: 'connected'; readonly address: string }
  | {
      readonly what: 'disconnected';
      readonly code: string;
      readonly detail: string;
      readonly retryInMs: number;
    }
  | { readonly what: 'batch-refused'; readonly lost: number }
  /** The agent has a new certificate, or pins other CAs. */
  | { readonly what: 'identity-changed'; readonly detail: string }
  | { readonly what: 'identity-problem'; readonly code: string; readonly detail: string }
  /** This host was taken out of service: no more attempts in this run. */
  | { readonly what: 'retired'; readonly code: string; readonly detail: string };

interface End {
  readonly code: string;
  readonly detail: string;
  /** The collector took something, or ended it without fault: the next wait is short again. */
  readonly wentWell: boolean;
}

/** What a collector says to agents that need not try again: only an operator can change it, and restarts the agent. */
const finalCode = 'identity.decommissioned';

/** Most bytes in flight, whatever credit the collector gives: they are held in memory. */
const maxInFlightBytes = 8 * 1024 * 1024;
/** Most batches read from the outbox at once. */
const readAhead = 8;

/** Keeps a connection to the collector and drains the outbox over it, within the credit it is given. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #inFlight = new InFlight();
  #socket: WebSocket | undefined;
  /** Tells this process from another that runs under the same identity. */
  readonly #run = randomBytes(8).toString('hex');
  #features: readonly string[] = [];
  /** What to add to this host's clock to have the collector's. */
  #skewMs = 0;
  #running: Promise<void> | undefined;
  #credit = 0;
  #isServed = false;
  /** The collector has acknowledged something on this connection. */
  #hasTaken = false;
  #lastHeardMs = 0;
  #lastBye: { code: string; detail: string } | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoffMs.min, options.backoffMs.max);
  }

  /** Whether a batch is on its way, for the outbox to leave it alone. */
  readonly isSent = (stream: string, sequence: number): boolean => this.#inFlight.has(stream, sequence);

  start(): void {
    this.#running ??= this.#keepConnected();
  }

  /** Says goodbye and ends; what is unacknowledged stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#send({ kind: 'bye', code: 'wire.shutdown', detail: '' });
    this.#socket?.close(1000);
    setTimeout(() => this.#socket?.terminate(), 300).unref();
    await this.#running;
  }

  /** Something new is in the outbox. */
  readonly wake = (): void => {
    if (!this.#isServed) return;
    const { outbox } = this.#options;
    while (this.#inFlight.bytes < this.#credit && this.#inFlight.count < outbox.batches) {
      const batches = outbox.next(readAhead, this.#inFlight.count, this.isSent);
      for (const batch of batches) {
        if (this.#inFlight.bytes + batch.data.length > this.#credit && this.#inFlight.count > 0) return;
        this.#inFlight.add(batch.stream, batch.sequence, batch.data.length);
        this.#send({ kind: 'batch', ...batch });
      }
      if (batches.length < readAhead) return;
    }
  };

  /** Whether the collector takes batches now. */
  get isConnected(): boolean {
    return this.#isServed;
  }

  async #keepConnected(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const end = await this.#connect();
      if (this.#stopping.signal.aborted) return;
      if (end.code === finalCode) {
        this.#options.log({ what: 'retired', code: end.code, detail: end.detail });
        return;
      }
      if (end.wentWell) this.#backoff.reset();
      const retryInMs = this.#backoff.next();
      this.#options.log({ what: 'disconnected', code: end.code, detail: end.detail, retryInMs });
      await sleep(retryInMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  /** One connection from first to last; never rejects. */
  async #connect(): Promise<End> {
    const { address, identity, stallMs } = this.#options;
    this.#lastBye = undefined;
    this.#hasTaken = false;
    let carrier: Socket | undefined;
    try {
      const endpoint = endpointOf(address);
      const proxy = proxyFor(endpoint, this.#options.proxy);
      carrier = proxy && (await tunnel(proxy, endpoint, stallMs, this.#stopping.signal));
    } catch (error) {
      const { code, detail } = error as VedetteError;
      return { code, detail, wentWell: false };
    }
    if (this.#stopping.signal.aborted) {
      carrier?.destroy();
      return { code: 'wire.shutdown', detail: '', wentWell: false };
    }
    const { ca, certificate, key } = identity.current;
    const tls = { ca, cert: certificate, key, servername: collectorName, minVersion: 'TLSv1.3' } as const;
    const options: ClientOptions & ConnectionOptions = {
      ...tls,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      handshakeTimeout: stallMs,
      ...(carrier && { createConnection: () => connect({ ...tls, socket: carrier }) }),
    };
    const socket = new WebSocket(`wss://${address}/agent`, subprotocol, options);
    this.#socket = socket;
    let problem: Error | undefined;
    const pinging = setInterval(() => this.#checkLife(socket), this.#options.pingMs);
    socket.on('open', () => {
      this.#lastHeardMs = performance.now();
      const pending = this.#options.outbox.events;
      const { facts } = this.#options;
      this.#send({
        kind: 'hello',
        version: protocolVersion,
        pending,
        facts,
        run: this.#run,
        features: knownFeatures.filter((name) => this.#serves(name)),
      });
    });
    socket.on('message', (data: Buffer, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('error', (error) => {
      problem = error;
    });
    return new Promise((resolve) => {
      socket.on('close', (status) => {
        clearInterval(pinging);
        const isFault = this.#lastBye !== undefined && this.#lastBye.code !== 'wire.shutdown';
        const wentWell = this.#isServed && (this.#hasTaken || !isFault);
        this.#isServed = false;
        this.#inFlight.clear();
        this.#options.commands?.disconnected();
        this.#options.bundle?.disconnected();
        const code = this.#lastBye?.code ?? (problem === undefined ? `closed ${status}` : 'unreachable');
        resolve({ code, detail: this.#lastBye?.detail ?? problem?.message ?? '', wentWell });
      });
    });
  }

  #checkLife(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.#lastHeardMs > this.#options.stallMs) {
      this.#lastBye = { code: 'wire.stalled', detail: 'The collector fell silent.' };
      socket.terminate();
      return;
    }
    this.#send({ kind: 'ping', sentAt: nowUs(), pending: this.#options.outbox.events });
    this.#options.bundle?.tell();
    this.#renew();
  }

  #receive(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    this.#lastHeardMs = performance.now();
    const decoded = isBinary ? decodeCollectorFrame(data) : undefined;
    if (decoded === undefined || !decoded.ok) {
      const error = decoded?.error ?? new VedetteError('wire.not_binary', 'The collector sent text.');
      this.#refuse(socket, error);
      return;
    }
    try {
      this.#handle(socket, decoded.value);
    } catch (error) {
      // The outbox could not be read or written: begin again, it may work later.
      this.#refuse(socket, new VedetteError('data.unreadable', `outbox: ${(error as Error).message}.`));
    }
  }

  #refuse(socket: WebSocket, error: VedetteError): void {
    this.#lastBye = { code: error.code, detail: error.detail };
    this.#send({ kind: 'bye', code: error.code, detail: error.detail });
    socket.close(error.entry.close ?? 1011, error.code);
  }

  #handle(socket: WebSocket, frame: CollectorFrame): void {
    switch (frame.kind) {
      case 'hello':
        if (frame.version !== protocolVersion) {
          this.#refuse(
            socket,
            new VedetteError('wire.version_unsupported', versionAdvice('collector', frame.version)),
          );
          return;
        }
        this.#credit = Math.min(frame.credit, maxInFlightBytes);
        this.#features = frame.features ?? [];
        if (this.#features.includes('marks'))
          this.#send({ kind: 'marks', marks: this.#options.outbox.acknowledgedMarks() });
        this.#isServed = true;
        this.#skewMs = frame.time / 1000 - Date.now();
        this.#options.log({ what: 'connected', address: this.#options.address });
        this.#renew();
        this.#options.commands?.noteTime(frame.time);
        if (this.#features.includes('commands'))
          this.#options.commands?.connected(
            (result) => this.#send(result),
            this.#features.includes('parts') ? (part) => this.#sendWhole(socket, part) : undefined,
          );
        if (this.#features.includes('bundle')) this.#options.bundle?.connected((rules) => this.#send(rules));
        this.wake();
        return;
      case 'ack':
        this.#credit = Math.min(frame.credit, maxInFlightBytes);
        this.#hasTaken = true;
        this.#inFlight.acknowledge(frame.stream, frame.mark);
        this.#options.outbox.acknowledge(frame.stream, frame.mark);
        this.wake();
        return;
      case 'ping':
        this.#options.commands?.noteTime(frame.sentAt);
        return;
      case 'command':
        this.#options.commands?.receive(frame);
        return;
      case 'settled':
        this.#options.commands?.settled(frame.id);
        return;
      case 'cancel':
        this.#options.commands?.cancel(frame.id);
        return;
      case 'schedule':
        this.#options.schedule?.accept(frame.queries);
        return;
      case 'root':
        this.#options.bundle?.root(frame.root);
        return;
      case 'bundle':
        this.#options.bundle?.receive(frame);
        return;
      case 'certificate':
        this.#changed(this.#options.identity.accept(frame.certificate), 'a new certificate');
        return;
      case 'trust':
        this.#trust(Buffer.from(frame.ca).toString('utf8'));
        return;
      case 'bye':
        this.#lastBye = frame;
        if (frame.code === 'wire.batch_malformed') this.#giveUpOldest();
        return;
    }
  }

  /** Asks for the next certificate when it is time, a collector that gives one. */
  #renew(): void {
    if (!this.#isServed || !this.#features.includes('renewal')) return;
    const csr = this.#options.identity.request(Date.now() + this.#skewMs);
    if (csr !== undefined) this.#send({ kind: 'renew', csr });
  }

  #trust(ca: string): void {
    const { identity } = this.#options;
    const before = identity.current.ca;
    const taken = identity.trust(ca);
    if (!taken.ok || identity.current.ca !== before) this.#changed(taken, 'other CAs');
    this.#renew();
  }

  #changed(taken: Result<void>, detail: string): void {
    const { log } = this.#options;
    if (taken.ok) log({ what: 'identity-changed', detail });
    else log({ what: 'identity-problem', code: taken.error.code, detail: taken.error.detail });
  }

  /** The collector can never take the oldest batch in flight: replace it, or it would be refused for ever. */
  #giveUpOldest(): void {
    const oldest = this.#inFlight.oldest();
    if (oldest === undefined) return;
    const lost = this.#options.outbox.giveUp(oldest.stream, oldest.sequence, 'invalid');
    this.#options.log({ what: 'batch-refused', lost });
  }

  #serves(feature: Feature): boolean {
    const { commands, schedule, bundle } = this.#options;
    if (feature === 'bundle') return bundle !== undefined;
    if (feature === 'commands' || feature === 'parts') return commands !== undefined;
    return feature !== 'schedule' || schedule !== undefined;
  }

  #sendWhole(socket: WebSocket, frame: AgentFrame): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = () => new VedetteError('query.connection_lost', 'The connection to the collector ended.');
      if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) reject(gone());
      else socket.send(encodeFrame(frame), (error) => (error ? reject(gone()) : resolve()));
    });
  }

  #send(frame: AgentFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeFrame(frame));
  }
}
