import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { nowUs } from '#shared/clock.ts';
import { maxUnsettled } from '#shared/commands/spec.ts';
import { type ErrorCode, type Result, VedetteError } from '#shared/errors.ts';
import {
  type AgentFrame,
  type CollectorFrame,
  decodeAgentFrame,
  encodeFrame,
  knownFeatures,
  protocolVersion,
  type StreamMark,
  versionAdvice,
} from '#shared/protocol/frames.ts';
import type { HostFacts } from '../store/contract.ts';
import type { CommandChannel, CommandLink, ResultFrame, RulesFrame } from './command-channel.ts';
import type { BatchInput, MarksInput, Verdict } from './messages.ts';

export interface SessionLimits {
  /** Bytes of batches an agent may have in flight. */
  readonly creditBytes: number;
  /** Time to say hello. */
  readonly helloMs: number;
  /** Silence after which an agent is given up. */
  readonly stallMs: number;
}

/** Results of one connection that wait to be kept; an agent of ours sends fewer before they are settled. */
const maxResultsWaiting = 2 * maxUnsettled;

export interface SessionOptions {
  readonly connection: number;
  readonly hostId: string;
  /** Of the certificate it came with, hex. */
  readonly serial: string;
  /** The certificate has expired: it may be renewed, and nothing else is taken. */
  readonly mustRenew: boolean;
  /** When the certificate expires, in milliseconds since the epoch; the connection does not outlive it. */
  readonly expiresAtMs: number;
  /** Remote address. */
  readonly from: string;
  readonly ws: WebSocket;
  readonly limits: SessionLimits;
  readonly seen: (
    hostId: string,
    connected: boolean,
    facts?: Readonly<Record<string, unknown>>,
  ) => Promise<HostFacts>;
  /** Asked at hello: why this agent may not be served beside those that are; undefined when it may. */
  readonly admit: (session: AgentSession) => Promise<VedetteError | undefined>;
  /** Signs the next certificate of this host. */
  readonly renew: (hostId: string, csr: string) => Promise<Result<string>>;
  /** The CAs to pin, PEM. */
  readonly trust: () => string;
  readonly submit: (batch: BatchInput, data: Uint8Array) => void;
  readonly settle: (marks: MarksInput) => void;
  /** Bytes that the agent may have in flight now; never more than the limit. */
  readonly credit: () => number;
  readonly commands: CommandChannel;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
  /** With the error when it ended for a fault. */
  readonly onEnd: (error: { readonly code: ErrorCode; readonly detail: string } | undefined) => void;
}

/** Most bytes an agent leaves unread; one that reads nothing is given up. */
const maxUnreadBytes = 4 * 1024 * 1024;
const streamPattern = /^[0-9a-f]{16}$/;
/** Of a run of an agent's process. */
const runPattern = /^[0-9a-f]{16}$/;
/** Least time between two certificates over one connection. */
const renewalSpacingMs = 1000;

/** One agent's connection: frames in, acknowledgements out. */
export class AgentSession {
  readonly #o: SessionOptions;
  readonly #marks = new Map<string, number>();
  #facts: HostFacts | undefined;
  #inFlightBytes = 0;
  readonly #beganMs = performance.now();
  #lastHeardMs = this.#beganMs;
  #isEnding = false;
  /** The agent's marks came, or the first batch before which they were due. */
  #isSettled = false;
  #fault: { readonly code: ErrorCode; readonly detail: string } | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isPaused = false;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  /** Drawn by the agent's process at its start; undefined before hello and from agents that name none. */
  run: string | undefined;
  #features: readonly string[] = [];
  #link: CommandLink | undefined;
  #resultsWaiting = 0;
  #rulesWaiting: RulesFrame | undefined;
  /** Events the agent says it still holds. */
  pending = 0;

  constructor(options: SessionOptions) {
    this.#o = options;
    const { ws } = options;
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    ws.on('error', (error: Error & { code?: string }) => {
      // ws has closed the connection itself with 1009; only the reason is ours to keep.
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
        this.#fault = { code: 'wire.frame_too_large', detail: error.message };
    });
    ws.on('close', () => this.#closed());
  }

  get hostId(): string {
    return this.#o.hostId;
  }

  get serial(): string {
    return this.#o.serial;
  }

  get from(): string {
    return this.#o.from;
  }

  pause(): void {
    this.#isPaused = true;
    this.#o.ws.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#o.ws.resume();
  }

  /** Whether the agent answers a ping within `limitMs`. Every agent does, by its WebSocket; one half gone does not. */
  async answers(limitMs: number): Promise<boolean> {
    const { ws } = this.#o;
    if (this.#isEnding || ws.readyState !== ws.OPEN) return false;
    const waiting = new AbortController();
    const { signal } = waiting;
    const limit = setTimeout(() => waiting.abort(), limitMs);
    ws.once('close', () => waiting.abort());
    const pong = once(ws, 'pong', { signal }).then(
      () => true,
      () => false,
    );
    // While reading is paused for back-pressure the answer would not be seen.
    ws.resume();
    ws.ping();
    const isAlive = await pong;
    clearTimeout(limit);
    if (this.#isPaused) ws.pause();
    return isAlive && !this.#isEnding;
  }

  /** Tells which CAs to pin from now on, to an agent that knows how. */
  tellTrust(): void {
    if (this.#facts === undefined || !this.#features.includes('trust')) return;
    this.#send({ kind: 'trust', ca: Buffer.from(this.#o.trust()) });
  }

  /** Closes with a code that says why; what is not acknowledged the agent sends again. */
  end(error: VedetteError): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (error.code !== 'wire.shutdown' && error.code !== 'identity.renewed') {
      this.#fault = error;
      this.#o.log('warn', 'agent connection ended', {
        host: this.hostId,
        code: error.code,
        detail: error.detail,
      });
    }
    this.#send({ kind: 'bye', code: error.code, detail: error.detail });
    this.#o.ws.resume();
    this.#o.ws.close(error.entry.close ?? 1011, error.code);
    setTimeout(() => this.#o.ws.terminate(), 2000).unref();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#isEnding) return;
    this.#lastHeardMs = performance.now();
    if (!isBinary) {
      this.end(new VedetteError('wire.not_binary', 'A text frame arrived.'));
      return;
    }
    const frame = decodeAgentFrame(data);
    if (!frame.ok) this.end(frame.error);
    else this.#handle(frame.value);
  }

  #handle(frame: AgentFrame): void {
    if (frame.kind === 'hello') {
      // Frames behind the hello wait until it is answered.
      this.#o.ws.pause();
      this.#turn = this.#hello(frame).catch((error: Error) => {
        this.end(new VedetteError('wire.store_failed', `The host could not be recorded: ${error.message}.`));
      });
      return;
    }
    if (this.#facts === undefined) {
      this.end(new VedetteError('wire.frame_unexpected', `${frame.kind} came before hello.`));
      return;
    }
    if (frame.kind === 'renew') this.#renew(frame.csr);
    else if (frame.kind === 'batch') this.#batch(frame, this.#facts);
    else if (frame.kind === 'marks') this.#settle(frame.marks);
    else if (frame.kind === 'ping') this.#ping(frame.pending);
    else if (frame.kind === 'result') this.#result(frame);
    else if (frame.kind === 'part' && this.#link !== undefined) this.#o.commands.part(this.#link, frame);
    else if (frame.kind === 'rules') this.#rules(frame);
  }

  async #hello(frame: AgentFrame & { readonly kind: 'hello' }): Promise<void> {
    if (this.#facts !== undefined) {
      this.end(new VedetteError('wire.frame_unexpected', 'A second hello came.'));
      return;
    }
    if (frame.version !== protocolVersion) {
      this.end(new VedetteError('wire.version_unsupported', versionAdvice('agent', frame.version)));
      return;
    }
    const { run, features = [] } = frame;
    if (run !== undefined && !runPattern.test(run)) {
      this.end(new VedetteError('wire.frame_malformed', 'The hello names no valid run.'));
      return;
    }
    const { mustRenew } = this.#o;
    if (mustRenew && !features.includes('renewal')) {
      this.end(new VedetteError('identity.renew_first', 'The certificate has expired.'));
      return;
    }
    this.run = run;
    this.#features = features;
    const refusal = await this.#o.admit(this);
    if (refusal !== undefined) this.end(refusal);
    if (this.#isEnding) return;
    this.pending = frame.pending;
    this.#facts = await this.#o.seen(this.hostId, true, frame.facts);
    this.#o.log('info', 'agent connected', {
      host: this.hostId,
      name: this.#facts.hostname,
      pending: frame.pending,
    });
    this.#send({
      kind: 'hello',
      version: protocolVersion,
      credit: mustRenew ? 0 : this.#o.credit(),
      time: nowUs(),
      features: knownFeatures,
    });
    this.tellTrust();
    if (!this.#isPaused) this.#o.ws.resume();
    // Closed while its host was looked up: there is nobody to send to. An expired certificate gets none.
    if (this.#isEnding || mustRenew) return;
    this.#link = {
      hostId: this.hostId,
      features,
      send: (command) => this.#send(command),
      sendPart: (part) => this.#sendWhole(part),
    };
    await this.#o.commands.opened(this.#link);
  }

  #renew(csr: string): void {
    const now = performance.now();
    if (now - this.#renewedAtMs < renewalSpacingMs) {
      this.end(new VedetteError('identity.renewal_refused', 'A certificate was given out just now.'));
      return;
    }
    this.#renewedAtMs = now;
    this.#turn = this.#o.renew(this.hostId, csr).then(
      (signed) => {
        if (!signed.ok) {
          this.end(new VedetteError('identity.renewal_refused', signed.error.detail));
          return;
        }
        this.#send({ kind: 'certificate', certificate: signed.value });
        if (this.#o.mustRenew) this.end(new VedetteError('identity.renewed', 'Connect with the new one.'));
      },
      (error: Error) => this.end(new VedetteError('wire.store_failed', `Not recorded: ${error.message}.`)),
    );
  }

  #result(frame: ResultFrame): void {
    const link = this.#link;
    if (link === undefined) return;
    if (this.#resultsWaiting >= maxResultsWaiting) {
      const detail = `More than ${maxResultsWaiting} results were not settled yet.`;
      this.end(new VedetteError('wire.credit_exceeded', detail));
      return;
    }
    this.#resultsWaiting++;
    this.#turn = this.#turn
      .then(() => this.#o.commands.result(link, frame))
      .catch((error: Error) =>
        this.end(new VedetteError('wire.store_failed', `A result could not be kept: ${error.message}.`)),
      )
      .finally(() => {
        this.#resultsWaiting--;
      });
  }

  #batch(frame: AgentFrame & { readonly kind: 'batch' }, facts: HostFacts): void {
    const { stream, sequence, collected, data } = frame;
    if (!streamPattern.test(stream) || sequence === 0) {
      this.end(new VedetteError('wire.frame_malformed', 'A batch names no valid stream and sequence.'));
      return;
    }
    if (this.#o.mustRenew) {
      this.end(new VedetteError('identity.renew_first', 'A batch came under an expired certificate.'));
      return;
    }
    // One batch may go over, so that a batch larger than the credit can pass at all.
    if (this.#inFlightBytes > this.#o.limits.creditBytes) {
      this.end(
        new VedetteError(
          'wire.credit_exceeded',
          `More than ${this.#o.limits.creditBytes} bytes were in flight.`,
        ),
      );
      return;
    }
    this.#isSettled = true;
    this.#inFlightBytes += data.length;
    const { connection, hostId } = this.#o;
    const origin = { connection, hostId, hostName: facts.hostname, product: facts.os };
    this.#o.submit({ ...origin, stream, sequence, collected, receivedAt: nowUs() }, data);
  }

  #settle(marks: readonly StreamMark[]): void {
    if (this.#isSettled) {
      this.end(new VedetteError('wire.frame_unexpected', 'Marks came twice, or after a batch.'));
      return;
    }
    this.#isSettled = true;
    const { connection, hostId, mustRenew } = this.#o;
    if (!mustRenew) this.#o.settle({ connection, hostId, marks });
  }

  #ping(pending: number): void {
    this.pending = pending;
    this.#send({ kind: 'ping', sentAt: nowUs() });
  }

  /** Takes note of a verdict; `acknowledge` sends what came together. */
  judge({ stream, sequence, bytes, outcome }: Verdict): void {
    this.#inFlightBytes -= bytes;
    if (this.#isEnding) return;
    if (typeof outcome === 'string') {
      this.#marks.set(stream, Math.max(sequence, this.#marks.get(stream) ?? 0));
      return;
    }
    this.acknowledge();
    this.end(new VedetteError(outcome.code, outcome.detail));
  }

  acknowledge(): void {
    if (this.#marks.size === 0) return;
    const credit = this.#o.credit();
    for (const [stream, mark] of this.#marks) {
      this.#send({ kind: 'ack', stream, mark, credit });
    }
    this.#marks.clear();
  }

  /** Looks whether it is to be given up; all sessions are looked at together, because timers of their own cost memory. */
  checkLife(nowMs: number): void {
    const { mustRenew, expiresAtMs, limits } = this.#o;
    if (Date.now() > expiresAtMs) {
      const code = mustRenew ? 'identity.renew_first' : 'identity.renewed';
      this.end(new VedetteError(code, 'The certificate of this connection has expired.'));
      return;
    }
    if (this.#facts === undefined && nowMs - this.#beganMs > limits.helloMs)
      this.end(new VedetteError('wire.stalled', 'The agent said no hello in time.'));
    if (nowMs - this.#lastHeardMs <= limits.stallMs) return;
    this.end(new VedetteError('wire.stalled', 'The agent fell silent.'));
    this.#o.ws.terminate();
  }

  /** Of what comes faster than it can be kept, only the last is. */
  #rules(frame: RulesFrame): void {
    const isWaiting = this.#rulesWaiting !== undefined;
    this.#rulesWaiting = frame;
    if (isWaiting) return;
    this.#turn = this.#turn
      .then(async () => {
        const last = this.#rulesWaiting;
        this.#rulesWaiting = undefined;
        if (this.#link !== undefined && last !== undefined) await this.#o.commands.rules(this.#link, last);
      })
      .catch((error: Error) =>
        this.#o.log('warn', 'the state of rules could not be kept', {
          host: this.hostId,
          error: error.message,
        }),
      );
  }

  #sendWhole(frame: CollectorFrame): Promise<boolean> {
    const { ws } = this.#o;
    if (ws.readyState !== ws.OPEN) return Promise.resolve(false);
    return new Promise((resolve) => {
      const closed = () => resolve(false);
      ws.once('close', closed);
      ws.send(encodeFrame(frame), (error) => {
        ws.off('close', closed);
        resolve(error === undefined || error === null);
      });
    });
  }

  #send(frame: CollectorFrame): void {
    const { ws } = this.#o;
    if (ws.readyState !== ws.OPEN) return;
    if (ws.bufferedAmount > maxUnreadBytes) {
      this.#fault ??= { code: 'wire.stalled', detail: 'The agent reads nothing.' };
      this.#o.log('warn', 'agent reads nothing', { host: this.hostId, unreadBytes: ws.bufferedAmount });
      ws.terminate();
      return;
    }
    ws.send(encodeFrame(frame));
  }

  #closed(): void {
    this.#isEnding = true;
    if (this.#link !== undefined) this.#o.commands.closed(this.#link);
    this.#o.onEnd(this.#fault);
    void this.#turn
      .then(() => {
        // One that was never served, or was taken over from, says nothing about whether the host is there.
        const isLast = this.#facts !== undefined && this.#fault?.code !== 'wire.replaced';
        return isLast ? this.#o.seen(this.hostId, false) : undefined;
      })
      .catch(() => undefined);
  }
}
