import type { WebSocket } from 'ws';
import { nowUs } from '#shared/clock.ts';
import { maxUnsettled } from '#shared/commands/spec.ts';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import {
  type AgentFrame,
  type CollectorFrame,
  decodeAgentFrame,
  encodeFrame,
  knownFeatures,
  maxFrameBytes,
  protocolVersion,
  versionAdvice,
} from '#shared/protocol/frames.ts';
import type { HostFacts } from '../store/contract.ts';
import type { CommandChannel, CommandLink, ResultFrame } from './command-channel.ts';
import type { BatchInput, Verdict } from './messages.ts';

export interface SessionLimits {
  /** Bytes of batches an agent may have in flight. */
  readonly creditBytes: number;
  /** Time to say hello. */
  readonly helloMs: number;
  /** Silence after which an agent is given up. */
  readonly stallMs: number;
  readonly pingMs: number;
}

/** Results of one connection that wait to be kept; an agent of ours sends fewer before they are settled. */
const maxResultsWaiting = 2 * maxUnsettled;

export interface SessionOptions {
  readonly connection: number;
  readonly hostId: string;
  readonly ws: WebSocket;
  readonly limits: SessionLimits;
  readonly seen: (
    hostId: string,
    connected: boolean,
    facts?: Readonly<Record<string, unknown>>,
  ) => Promise<HostFacts>;
  readonly submit: (batch: BatchInput, data: Uint8Array) => void;
  readonly commands: CommandChannel;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
  /** With the code when it ended for a fault. */
  readonly onEnd: (code: ErrorCode | undefined) => void;
}

const streamPattern = /^[0-9a-f]{16}$/;

/** One agent's connection: frames in, acknowledgements out. */
export class AgentSession {
  readonly #o: SessionOptions;
  readonly #marks = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #facts: HostFacts | undefined;
  #inFlightBytes = 0;
  #lastHeardMs = performance.now();
  #isEnding = false;
  #fault: ErrorCode | undefined;
  #turn: Promise<void> = Promise.resolve();
  #link: CommandLink | undefined;
  #resultsWaiting = 0;
  /** Events the agent says it still holds. */
  pending = 0;

  constructor(options: SessionOptions) {
    this.#o = options;
    const { ws, limits } = options;
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    ws.on('error', (error: Error & { code?: string }) => {
      // ws has closed the connection itself with 1009; only the reason is ours to keep.
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#fault = 'wire.frame_too_large';
    });
    ws.on('close', () => this.#closed());
    this.#timers.push(
      setTimeout(() => {
        if (this.#facts === undefined)
          this.end(new VedetteError('wire.stalled', 'The agent said no hello in time.'));
      }, limits.helloMs),
      setInterval(() => this.#checkLife(), limits.pingMs),
    );
  }

  get hostId(): string {
    return this.#o.hostId;
  }

  pause(): void {
    this.#o.ws.pause();
  }

  resume(): void {
    this.#o.ws.resume();
  }

  /** Closes with a code that says why; what is not acknowledged the agent sends again. */
  end(error: VedetteError): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (error.code !== 'wire.shutdown') {
      this.#fault = error.code;
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
    if (frame.kind === 'batch') this.#batch(frame, this.#facts);
    else if (frame.kind === 'ping') this.#ping(frame.pending);
    else if (frame.kind === 'result') this.#result(frame);
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
      credit: this.#o.limits.creditBytes,
      time: nowUs(),
      features: knownFeatures,
    });
    this.#o.ws.resume();
    // Closed while its host was looked up: there is nobody to send to.
    if (this.#isEnding) return;
    const { features = [] } = frame;
    this.#link = { hostId: this.hostId, features, send: (command) => this.#send(command) };
    await this.#o.commands.opened(this.#link);
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
    this.#inFlightBytes += data.length;
    const { connection, hostId } = this.#o;
    const origin = { connection, hostId, hostName: facts.hostname, product: facts.os };
    this.#o.submit({ ...origin, stream, sequence, collected, receivedAt: nowUs() }, data);
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
    for (const [stream, mark] of this.#marks) {
      this.#send({ kind: 'ack', stream, mark, credit: this.#o.limits.creditBytes });
    }
    this.#marks.clear();
  }

  #checkLife(): void {
    if (performance.now() - this.#lastHeardMs <= this.#o.limits.stallMs) return;
    this.end(new VedetteError('wire.stalled', 'The agent fell silent.'));
    this.#o.ws.terminate();
  }

  #send(frame: CollectorFrame): void {
    const { ws } = this.#o;
    if (ws.readyState !== ws.OPEN) return;
    if (ws.bufferedAmount > maxFrameBytes) {
      ws.terminate();
      return;
    }
    ws.send(encodeFrame(frame));
  }

  #closed(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#isEnding = true;
    if (this.#link !== undefined) this.#o.commands.closed(this.#link);
    this.#o.onEnd(this.#fault);
    void this.#turn
      .then(() => (this.#fault === 'wire.replaced' ? undefined : this.#o.seen(this.hostId, false)))
      .catch(() => undefined);
  }
}
