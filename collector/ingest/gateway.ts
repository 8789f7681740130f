import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ErrorCode, fail, type Result, VedetteError } from '#shared/errors.ts';
import { encodeFrame, maxFrameBytes, subprotocol } from '#shared/protocol/frames.ts';
import { type EnrolmentAnswer, enrolPath } from '#shared/protocol/identity.ts';
import type { HostFacts } from '../store/contract.ts';
import { Admission } from './admission.ts';
import type { CommandChannel } from './command-channel.ts';
import type { BatchInput, MarksInput, Verdict } from './messages.ts';
import { AgentSession, type SessionLimits, type SessionOptions } from './session.ts';
import { Shares } from './shares.ts';

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** What the server shows and trusts, PEM; asked again by `renewTls`. */
  readonly tls: () => { readonly ca: string; readonly cert: string; readonly key: string };
  readonly limits: SessionLimits;
  /** Most agents at once. */
  readonly maxConnections: number;
  /** Reading from agents pauses while more than this is waiting for the pipeline. */
  readonly maxBacklogBytes: number;
  /** How long the agent that is connected has to show that it is alive when another comes under its identity. */
  readonly probeMs: number;
  readonly enrol: (request: unknown, certificate?: X509Certificate) => Promise<Result<EnrolmentAnswer>>;
  /** Whom a certificate is of. */
  readonly identify: (certificate: X509Certificate) => Promise<Result<Identified>>;
  readonly renew: SessionOptions['renew'];
  readonly trust: SessionOptions['trust'];
  /** A refusal, whether of a connection or of one that was open. `hostId` is the one claimed, where there is one. */
  readonly onRefused: (refusal: Refusal) => void;
  readonly seen: (
    hostId: string,
    connected: boolean,
    facts?: Readonly<Record<string, unknown>>,
  ) => Promise<HostFacts>;
  readonly submit: (batch: BatchInput, data: Uint8Array) => void;
  readonly settle: (marks: MarksInput) => void;
  readonly backlogBytes: () => number;
  readonly commands: CommandChannel;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** Whom a certificate is of, and what it is good for. */
export interface Identified {
  readonly hostId: string;
  readonly serial: string;
  readonly mustRenew: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hostId: string | undefined;
  /** Remote address. */
  readonly from: string;
  /** Address of the agent that is connected under the same identity, of a clone. */
  readonly other?: string;
}

/** Longest time between looks for agents that fell silent. */
const maxLookMs = 5000;
const maxEnrolBytes = 64 * 1024;
/** Refusals of enrolment that are answered with 403; the others are bad requests. */
const forbidden: ReadonlySet<ErrorCode> = new Set([
  'enroll.token_refused',
  'enroll.host_refused',
  'enroll.host_unproven',
]);
/** The host a certificate that is refused claims to be of. */
const claimedHost = /(?:^|\n)CN=([0-9a-f]{16})(?:\n|$)/;
/**
 * OpenSSL's own judgement stands but in these: one that has expired may still be good for its renewal, and what this
 * collector has given away begins in the future only for a clock that was set back.
 */
const timely: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
/** TLS 1.3 and nothing else: what agents and collector both are able to do. */
const tlsVersion = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** Where agents connect: TLS 1.3, enrolment by token, streams by certificate. */
export class Gateway {
  readonly #o: GatewayOptions;
  readonly #server: Server;
  readonly #ws: WebSocketServer;
  readonly #sessions = new Map<number, AgentSession>();
  readonly #admission: Admission;
  /** Sessions that an operator ended; that is no refusal. */
  readonly #evicted = new WeakSet<AgentSession>();
  #looking: NodeJS.Timeout | undefined;
  #nextConnection = 1;
  #isPaused = false;
  readonly #shares: Shares;
  /** Not read from until what their host sent on earlier connections is judged. */
  readonly #held = new Set<AgentSession>();
  /** Connections refused, by code, since the start. */
  readonly refused = new Map<ErrorCode, number>();

  constructor(options: GatewayOptions) {
    this.#o = options;
    this.#shares = new Shares(options.limits.creditBytes, options.maxBacklogBytes);
    this.#admission = new Admission(options.probeMs);
    this.#server = createServer(
      {
        ...options.tls(),
        ...tlsVersion,
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
      this.#server.listen(port, host, () => {
        const everyMs = Math.min(maxLookMs, this.#o.limits.stallMs / 4);
        this.#looking = setInterval(() => this.#checkLives(), everyMs);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Passes the pipeline's verdicts on to the connections they concern. */
  judge(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      this.#shares.done(verdict.hostId, verdict.bytes);
      this.#sessions.get(verdict.connection)?.judge(verdict);
    }
    for (const session of this.#held) {
      if (!this.#isPaused && !this.#shares.isOver(session.hostId)) this.#release(session);
    }
    for (const connection of new Set(verdicts.map((v) => v.connection)))
      this.#sessions.get(connection)?.acknowledge();
    if (this.#isPaused && this.#o.backlogBytes() < this.#o.maxBacklogBytes / 2) {
      this.#isPaused = false;
      for (const session of this.#sessions.values()) this.#release(session);
    }
  }

  /** Events agents say they still hold, by host. */
  pendingOf(hostId: string): number {
    return this.#admission.servedOf(hostId)?.pending ?? 0;
  }

  /** Takes up certificates and CAs that have changed, for connections to come, and tells agents which to pin. */
  renewTls(): void {
    this.#server.setSecureContext({ ...this.#o.tls(), ...tlsVersion });
    for (const session of this.#sessions.values()) session.tellTrust();
  }

  /** Ends the connections of a host, or only those that came with the certificate. */
  evict(hostId: string, error: VedetteError, serial?: string): void {
    for (const session of this.#sessions.values()) {
      if (session.hostId !== hostId || (serial !== undefined && session.serial !== serial)) continue;
      this.#evicted.add(session);
      session.end(error);
    }
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method !== 'POST' || request.url !== enrolPath) {
      answer(404, new VedetteError('api.not_found', 'Only enrolment and agent streams are served here.'));
      return;
    }
    const socket = request.socket as TLSSocket;
    const from = socket.remoteAddress ?? '';
    const body = await readBody(request);
    const result = await this.#o.enrol(body, socket.getPeerX509Certificate()).catch((error: Error) => {
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
      const { code, detail } = result.error;
      this.#refuse({ code, detail, from, hostId: undefined }, 'enrolment refused');
      answer(forbidden.has(code) ? 403 : 400, result.error);
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
    if (!identified.ok) {
      const { code, detail, entry } = identified.error;
      const claimed = claimedHost.exec(socket.getPeerX509Certificate()?.subject ?? '')?.[1];
      // Only a certificate of ours tells of its host; anybody can write a name into one of another CA.
      const hostId = code === 'identity.untrusted' ? undefined : claimed;
      this.#refuse({ code, detail, hostId, from: socket.remoteAddress ?? '' }, 'agent refused');
      ws.resume();
      ws.send(encodeFrame({ kind: 'bye', code, detail }));
      ws.close(entry.close, code);
      setTimeout(() => ws.terminate(), 2000).unref();
      return;
    }
    if (ws.readyState !== ws.OPEN) return;
    this.#serve(ws, identified.value, socket);
    if (!this.#isPaused) ws.resume();
  }

  async #identify(socket: TLSSocket): Promise<Result<Identified>> {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return fail('identity.no_certificate', 'No certificate was presented.');
    const problem = String(socket.authorizationError);
    if (!socket.authorized && !timely.has(problem))
      return fail('identity.untrusted', `The certificate was refused: ${problem}.`);
    try {
      return await this.#o.identify(certificate);
    } catch (error) {
      return fail(
        'wire.store_failed',
        `The certificate could not be looked up: ${(error as Error).message}.`,
      );
    }
  }

  /** Counts, logs and tells of a claim of a connected agent that is not believed; its connection stays. */
  refuseClaim(refusal: Omit<Refusal, 'from'> & { readonly hostId: string }): void {
    const from = this.#admission.servedOf(refusal.hostId)?.from ?? '';
    this.#refuse({ ...refusal, from }, 'claim refused');
  }

  #refuse(refusal: Refusal, what: string): void {
    const { code, hostId, from } = refusal;
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    this.#o.log('warn', what, { code, from, ...(hostId !== undefined && { host: hostId }) });
    this.#o.onRefused(refusal);
  }

  #serve(ws: WebSocket, identified: Identified, socket: TLSSocket): void {
    const { hostId } = identified;
    const from = socket.remoteAddress ?? '';
    const connection = this.#nextConnection++;
    const session = new AgentSession({
      connection,
      ...identified,
      from,
      ws,
      admit: async (session) => {
        // Once more: it may have been revoked after the first look and before the session was there to be evicted.
        const still = await this.#identify(socket);
        return still.ok ? await this.#admission.admit(session) : still.error;
      },
      renew: this.#o.renew,
      trust: this.#o.trust,
      limits: this.#o.limits,
      seen: this.#o.seen,
      commands: this.#o.commands,
      log: this.#o.log,
      settle: this.#o.settle,
      credit: () => this.#shares.credit(),
      submit: (batch, data) => {
        this.#shares.add(hostId, data.length);
        this.#o.submit(batch, data);
        if (this.#shares.isOver(hostId)) this.#hold(session);
        if (this.#o.backlogBytes() > this.#o.maxBacklogBytes) this.#pauseAll();
      },
      onEnd: (error) => {
        const other = this.#admission.servedOf(hostId);
        this.#sessions.delete(connection);
        this.#held.delete(session);
        this.#admission.leave(session);
        if (error === undefined || this.#evicted.has(session)) return;
        const { code, detail } = error;
        this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
        this.#o.onRefused({
          code,
          detail,
          hostId,
          from,
          ...(other && other !== session && { other: other.from }),
        });
      },
    });
    this.#sessions.set(connection, session);
    const refusal = this.#admission.enter(session);
    if (refusal !== undefined) session.end(refusal);
  }

  #checkLives(): void {
    const now = performance.now();
    for (const session of this.#sessions.values()) session.checkLife(now);
  }

  #hold(session: AgentSession): void {
    this.#held.add(session);
    session.pause();
  }

  #release(session: AgentSession): void {
    if (this.#shares.isOver(session.hostId)) return;
    this.#held.delete(session);
    session.resume();
  }

  #pauseAll(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    for (const session of this.#sessions.values()) session.pause();
  }

  /** Says goodbye to every agent and stops listening. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
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
