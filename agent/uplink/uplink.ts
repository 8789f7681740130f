import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import {
  type AgentFrame,
  type CollectorFrame,
  decodeCollectorFrame,
  encodeFrame,
  knownFeatures,
  maxFrameBytes,
  protocolVersion,
  subprotocol,
  versionAdvice,
} from '#shared/protocol/frames.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { Backoff } from './backoff.ts';
import { InFlight } from './in-flight.ts';

export interface UplinkOptions {
  /** `host:port` of the collector. */
  readonly address: string;
  /** PEM. */
  readonly identity: { readonly ca: string; readonly certificate: string; readonly key: string };
  readonly outbox: Outbox;
  readonly facts: Readonly<Record<string, string>>;
  /** Takes the collector's commands; without it the collector is told that there is nobody to. */
  readonly commands?: CommandPort;
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
  connected(send: (frame: AgentFrame & { readonly kind: 'result' }) => void): void;
  disconnected(): void;
  receive(frame: CollectorFrame & { readonly kind: 'command' }): void;
  settled(id: string): void;
}

export type UplinkEvent =
  | { readonly what: 'connected'; readonly address: string }
  | {
      readonly what: 'disconnected';
      readonly code: string;
      readonly detail: string;
      readonly retryInMs: number;
    }
  | { readonly what: 'batch-refused'; readonly lost: number };

interface End {
  readonly code: string;
  readonly detail: string;
  /** Was welcomed before it ended, so the next wait is short again. */
  readonly wasServed: boolean;
}

/** Most batches read from the outbox at once. */
const readAhead = 8;

/** Keeps a connection to the collector and drains the outbox over it, within the credit it is given. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #inFlight = new InFlight();
  #socket: WebSocket | undefined;
  #running: Promise<void> | undefined;
  #credit = 0;
  #isServed = false;
  #lastHeardMs = 0;
  #lastBye: { code: string; detail: string } | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoffMs.min, options.backoffMs.max);
  }

  /** Whether a batch is on its way, for the outbox to leave it alone. */
  readonly isSent = (stream: string, sequence: number): boolean => this.#inFlight.has(stream, sequence);

  start(): void {
    this.#running ??= this.#run();
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

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const end = await this.#connect();
      if (this.#stopping.signal.aborted) return;
      if (end.wasServed) this.#backoff.reset();
      const retryInMs = this.#backoff.next();
      this.#options.log({ what: 'disconnected', code: end.code, detail: end.detail, retryInMs });
      await sleep(retryInMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  /** One connection from first to last; never rejects. */
  #connect(): Promise<End> {
    const { address, identity, stallMs } = this.#options;
    this.#lastBye = undefined;
    const options: ClientOptions & ConnectionOptions = {
      ca: identity.ca,
      cert: identity.certificate,
      key: identity.key,
      servername: collectorName,
      minVersion: 'TLSv1.3',
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      handshakeTimeout: stallMs,
    };
    const socket = new WebSocket(`wss://${address}/agent`, subprotocol, options);
    this.#socket = socket;
    let problem: Error | undefined;
    const pinging = setInterval(() => this.#checkLife(socket), this.#options.pingMs);
    socket.on('open', () => {
      this.#lastHeardMs = performance.now();
      const pending = this.#options.outbox.events;
      const { facts, commands } = this.#options;
      const features = commands === undefined ? [] : knownFeatures;
      this.#send({ kind: 'hello', version: protocolVersion, pending, facts, features });
    });
    socket.on('message', (data: Buffer, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('error', (error) => {
      problem = error;
    });
    return new Promise((resolve) => {
      socket.on('close', (status) => {
        clearInterval(pinging);
        const wasServed = this.#isServed;
        this.#isServed = false;
        this.#inFlight.clear();
        this.#options.commands?.disconnected();
        const code = this.#lastBye?.code ?? (problem === undefined ? `closed ${status}` : 'unreachable');
        resolve({ code, detail: this.#lastBye?.detail ?? problem?.message ?? '', wasServed });
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
        this.#credit = frame.credit;
        this.#isServed = true;
        this.#options.log({ what: 'connected', address: this.#options.address });
        this.#options.commands?.noteTime(frame.time);
        if (frame.features?.includes('commands'))
          this.#options.commands?.connected((result) => this.#send(result));
        this.wake();
        return;
      case 'ack':
        this.#credit = frame.credit;
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
      case 'bye':
        this.#lastBye = frame;
        if (frame.code === 'wire.batch_malformed') this.#giveUpOldest();
        return;
    }
  }

  /** The collector can never take the oldest batch in flight: replace it, or it would be refused for ever. */
  #giveUpOldest(): void {
    const oldest = this.#inFlight.oldest();
    if (oldest === undefined) return;
    const lost = this.#options.outbox.giveUp(oldest.stream, oldest.sequence, 'invalid');
    this.#options.log({ what: 'batch-refused', lost });
  }

  #send(frame: AgentFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeFrame(frame));
  }
}
