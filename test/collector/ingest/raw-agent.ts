import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import {
  type AgentFrame,
  type CollectorFrame,
  decodeCollectorFrame,
  encodeFrame,
  subprotocol,
} from '#shared/protocol/frames.ts';
import { collectorName } from '#shared/protocol/identity.ts';

export interface Credentials {
  readonly ca: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A connection that sends what the test says, well formed or not. */
export class RawAgent {
  readonly socket: WebSocket;
  readonly frames: CollectorFrame[] = [];
  readonly closed: Promise<{ status: number; reason: string }>;

  constructor(address: string, { ca, certificate, key }: Credentials) {
    const options: ClientOptions & ConnectionOptions = {
      ca,
      cert: certificate,
      key,
      servername: collectorName,
    };
    this.socket = new WebSocket(`wss://${address}/agent`, subprotocol, options);
    this.socket.on('message', (data: Buffer) => {
      const frame = decodeCollectorFrame(data);
      if (!frame.ok) throw frame.error;
      this.frames.push(frame.value);
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (status, reason) => resolve({ status, reason: reason.toString() })),
    );
  }

  async open(): Promise<this> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    return this;
  }

  send(frame: AgentFrame): void {
    this.socket.send(encodeFrame(frame));
  }

  /** The next frame of a kind that satisfies the test. */
  async frame<K extends CollectorFrame['kind']>(
    kind: K,
    is: (frame: CollectorFrame & { kind: K }) => boolean = () => true,
  ): Promise<CollectorFrame & { kind: K }> {
    for (;;) {
      const at = this.frames.findIndex((f) => f.kind === kind && is(f as CollectorFrame & { kind: K }));
      if (at >= 0) return this.frames.splice(at, 1)[0] as CollectorFrame & { kind: K };
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before ${kind}`);
      await Promise.race([once(this.socket, 'message'), this.closed]);
    }
  }

  /** Opens and is welcomed; without features it is an agent of 0.1.0. */
  async hello(more: Partial<AgentFrame & { kind: 'hello' }> = {}): Promise<this> {
    await this.open();
    this.send({ kind: 'hello', version: 1, pending: 0, facts: { hostname: 'raw', os: 'linux' }, ...more });
    await this.frame('hello');
    return this;
  }
}
