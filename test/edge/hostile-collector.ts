/** A collector with the right TLS identity that sends whatever it likes, and takes what an agent sends as a good one does. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import {
  type AgentFrame,
  bundlePartBytes,
  type CollectorFrame,
  decodeAgentFrame,
  encodeFrame,
  maxFrameBytes,
  subprotocol,
} from '#shared/protocol/frames.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import { defaultLives, openAuthority } from '../../collector/fleet/authority.ts';
import { until } from './edge-scene.ts';

export type RulesFrame = AgentFrame & { readonly kind: 'rules' };
export type PartFrame = CollectorFrame & { readonly kind: 'bundle' };

/** The frames of an offer as an honest collector sends them. */
export function partsOf(bytes: Uint8Array, more: Partial<PartFrame> = {}): PartFrame[] {
  const offer = createHash('sha256').update(bytes).digest('hex');
  const count = Math.max(1, Math.ceil(bytes.length / bundlePartBytes));
  return Array.from({ length: count }, (_, index) => ({
    ...{ kind: 'bundle', offer, version: 99, sizeBytes: bytes.length, index },
    data: bytes.subarray(index * bundlePartBytes, (index + 1) * bundlePartBytes),
    ...more,
  }));
}

export class HostileCollector {
  readonly #server: Server;
  readonly #ws: WebSocketServer;
  #socket: WebSocket | undefined;
  /** What agents said of their rules, in order. */
  readonly said: RulesFrame[] = [];
  /** Alerts that agents raised, in order. */
  readonly alerts: EventRow[] = [];
  connections = 0;
  /** Takes nothing in: agents' events stay with them. */
  isDeaf = false;

  private constructor(server: Server) {
    this.#server = server;
    this.#ws = new WebSocketServer({ server, maxPayload: maxFrameBytes, handleProtocols: () => subprotocol });
    this.#ws.on('connection', (socket) => this.#serve(socket));
  }

  /** With the keys of the collector whose folder it is, on its port. */
  static async start(t: Test, folder: string, port: number): Promise<HostileCollector> {
    const authority = await openAuthority(join(folder, 'pki'), defaultLives);
    const server = createServer({ ...authority.server, requestCert: true, minVersion: 'TLSv1.3' });
    const hostile = new HostileCollector(server);
    t.teardown(() => hostile.close());
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return hostile;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(socket: WebSocket): void {
    this.connections++;
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const frame = decodeAgentFrame(data);
      if (frame.ok) this.#take(socket, frame.value);
    });
  }

  #take(socket: WebSocket, frame: AgentFrame): void {
    const features = ['bundle'];
    if (frame.kind === 'hello')
      socket.send(
        encodeFrame({ kind: 'hello', version: 1, credit: 1 << 20, time: Date.now() * 1000, features }),
      );
    if (frame.kind === 'rules') this.said.push(frame);
    if (frame.kind !== 'batch' || this.isDeaf) return;
    const decoded = decodeBatch(frame.data);
    if (decoded.ok)
      for (const { events } of decoded.value.groups)
        if (events.type === 'alert')
          for (let row = 0; row < events.count; row++) this.alerts.push(rowAt(events, row));
    const { stream, sequence: mark } = frame;
    socket.send(encodeFrame({ kind: 'ack', stream, mark, credit: 1 << 20 }));
  }

  send(...frames: readonly CollectorFrame[]): void {
    for (const frame of frames) this.#socket?.send(encodeFrame(frame));
  }

  sendRaw(data: Uint8Array): void {
    this.#socket?.send(data);
  }

  cut(): void {
    this.#socket?.terminate();
  }

  /** The next that agents say after what was said before, that satisfies the test. */
  async says(since: number, is: (frame: RulesFrame) => boolean, what: string): Promise<RulesFrame> {
    return await until(() => this.said.slice(since).find(is), `the agent says: ${what}`);
  }

  async close(): Promise<void> {
    for (const client of this.#ws.clients) client.terminate();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

export function junk(sizeBytes: number): Uint8Array {
  return randomBytes(sizeBytes);
}
