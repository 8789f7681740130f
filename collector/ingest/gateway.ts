import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ErrorCode, type Result, VedetteError } from '#shared/errors.ts';
import { encodeFrame, maxFrameBytes, subprotocol } from '#shared/protocol/frames.ts';
import { type EnrolmentAnswer, enrolPath } from '#shared/protocol/identity.ts';
import type { HostFacts } from '../store/contract.ts';
import type { CommandChannel } from './command-channel.ts';
import type { BatchInput, Verdict } from './messages.ts';
import { AgentSession, type SessionLimits } from './session.ts';

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly tls: { readonly ca: string; readonly certificate: string; readonly key: string };
  readonly limits: SessionLimits;
  /** Most agents at once. */
  readonly maxConnections: number;
  /** Reading from agents pauses while more than this is waiting for the pipeline. */
  readonly maxBacklogBytes: number;
  readonly enrol: (request: unknown) => Promise<Result<EnrolmentAnswer>>;
  /** The host of a certificate; undefined when it is not known here. */
  readonly hostOf: (hostId: string) => Promise<{ readonly facts: HostFacts } | undefined>;
  readonly seen: (
    hostId: string,
    connected: boolean,
    facts?: Readonly<Record<string, unknown>>,
  ) => Promise<HostFacts>;
  readonly submit: (batch: BatchInput, data: Uint8Array) => void;
  readonly backlogBytes: () => number;
  readonly commands: CommandChannel;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
}

const maxEnrolBytes = 64 * 1024;
const hostIdPattern = /(?:^|\n)CN=([0-9a-f]{16})(?:\n|$)/;

/** Where agents connect: TLS 1.3, enrolment by token, streams by certificate. */
export class Gateway {
  readonly #o: GatewayOptions;
  readonly #server: Server;
  readonly #ws: WebSocketServer;
  readonly #sessions = new Map<number, AgentSession>();
  #nextConnection = 1;
  #isPaused = false;
  /** Connections refused, by code, since the start. */
  readonly refused = new Map<ErrorCode, number>();

  constructor(options: GatewayOptions) {
    this.#o = options;
    const { ca, certificate, key } = options.tls;
    this.#server = createServer(
      {
        key,
        // The CA goes along, so that an agent at enrolment can hold it against the fingerprint in its token.
        cert: certificate + ca,
        ca,
        minVersion: 'TLSv1.3',
        requestCert: true,
        // Enrolment has no certificate yet; streams are refused with a code in #upgrade.
        rejectUnauthorized: false,
        handshakeTimeout: 10_000,
        requestTimeout: 15_000,
        headersTimeout: 10_000,
      },
      (request, response) => void this.#request(request, response),
    );
    this.#server.maxConnections = options.maxConnections;
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#ws = new WebSocketServer({
      noServer: true,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    });
  }

  /** Begins to listen; gives the port. Throws `listen.*`. */
  listen(): Promise<number> {
    const { host, port } = this.#o;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'EADDRINUSE' ? 'listen.port_in_use' : 'listen.denied';
        reject(new VedetteError(code, `${host}:${port}: ${error.message}.`, { cause: error }));
      });
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** Passes the pipeline's verdicts on to the connections they concern. */
  judge(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) this.#sessions.get(verdict.connection)?.judge(verdict);
    for (const connection of new Set(verdicts.map((v) => v.connection)))
      this.#sessions.get(connection)?.acknowledge();
    if (this.#isPaused && this.#o.backlogBytes() < this.#o.maxBacklogBytes / 2) {
      this.#isPaused = false;
      for (const session of this.#sessions.values()) session.resume();
    }
  }

  /** Events agents say they still hold, by host. */
  pendingOf(hostId: string): number {
    for (const session of this.#sessions.values()) if (session.hostId === hostId) return session.pending;
    return 0;
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method !== 'POST' || request.url !== enrolPath) {
      answer(404, new VedetteError('api.not_found', 'Only enrolment and agent streams are served here.'));
      return;
    }
    const from = request.socket.remoteAddress;
    const body = await readBody(request);
    const result = await this.#o.enrol(body).catch((error: Error) => {
      this.#o.log('warn', 'enrolment failed', { error: error.message });
      return {
        ok: false as const,
        error: new VedetteError('wire.store_failed', 'The enrolment could not be stored.'),
      };
    });
    if (result.ok) {
      this.#o.log('info', 'host enrolled', { host: result.value.hostId, from });
      answer(200, result.value);
    } else {
      this.#o.log('warn', 'enrolment refused', { code: result.error.code, from });
      answer(result.error.code === 'enroll.token_refused' ? 403 : 400, result.error);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (request.url !== '/agent') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#ws.handleUpgrade(
      request,
      socket,
      head,
      (ws) => void this.#welcome(ws, request.socket as TLSSocket),
    );
  }

  async #welcome(ws: WebSocket, socket: TLSSocket): Promise<void> {
    // Nothing is read until it is known who speaks.
    ws.pause();
    ws.on('error', () => undefined);
    const identified = await this.#identify(socket);
    if (identified instanceof VedetteError) {
      this.refused.set(identified.code, (this.refused.get(identified.code) ?? 0) + 1);
      this.#o.log('warn', 'agent refused', { code: identified.code, from: socket.remoteAddress });
      ws.resume();
      ws.send(encodeFrame({ kind: 'bye', code: identified.code, detail: identified.detail }));
      ws.close(identified.entry.close, identified.code);
      setTimeout(() => ws.terminate(), 2000).unref();
      return;
    }
    if (ws.readyState !== ws.OPEN) return;
    for (const other of this.#sessions.values()) {
      if (other.hostId === identified)
        other.end(new VedetteError('wire.replaced', 'A newer connection took over.'));
    }
    this.#serve(ws, identified);
    if (!this.#isPaused) ws.resume();
  }

  async #identify(socket: TLSSocket): Promise<string | VedetteError> {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined)
      return new VedetteError('identity.no_certificate', 'No certificate was presented.');
    if (!socket.authorized) {
      return new VedetteError(
        'identity.untrusted',
        `The certificate was refused: ${socket.authorizationError}.`,
      );
    }
    const hostId = hostIdPattern.exec(certificate.subject)?.[1];
    if (hostId === undefined || (await this.#o.hostOf(hostId)) === undefined) {
      return new VedetteError(
        'identity.unknown_host',
        'The certificate names a host that is not known here.',
      );
    }
    return hostId;
  }

  #serve(ws: WebSocket, hostId: string): void {
    const connection = this.#nextConnection++;
    const session = new AgentSession({
      connection,
      hostId,
      ws,
      limits: this.#o.limits,
      seen: this.#o.seen,
      commands: this.#o.commands,
      log: this.#o.log,
      submit: (batch, data) => {
        this.#o.submit(batch, data);
        if (this.#o.backlogBytes() > this.#o.maxBacklogBytes) this.#pauseAll();
      },
      onEnd: (code) => {
        this.#sessions.delete(connection);
        if (code !== undefined) this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
      },
    });
    this.#sessions.set(connection, session);
  }

  #pauseAll(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    for (const session of this.#sessions.values()) session.pause();
  }

  /** Says goodbye to every agent and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions.values()) {
      session.end(new VedetteError('wire.shutdown', 'The collector is stopping.'));
    }
    setTimeout(() => this.#server.closeAllConnections(), 500).unref();
    for (const ws of this.#ws.clients) setTimeout(() => ws.terminate(), 500).unref();
    await closed;
  }
}

/** The JSON body; undefined when it is too long or not JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of request) {
      length += (part as Buffer).length;
      // What is too long is read on a while without being kept, so that the refusal can be answered.
      if (length > 16 * maxEnrolBytes) return undefined;
      if (length <= maxEnrolBytes) parts.push(part as Buffer);
    }
    if (length > maxEnrolBytes) return undefined;
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}
