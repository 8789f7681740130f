import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { Topic } from '../../bus.ts';
import type { FeedBounds } from '../deps.ts';
import { readSubscription, type Subscription } from './subscription.ts';

/** Longest close reason, in bytes: what a WebSocket close frame holds. */
const maxReason = 120;
/** Frames of so many milliseconds leave in one write: many small ones to many clients cost most of all in system calls. */
const gatherMs = 20;

/** One connection of the live feed. */
export class FeedClient {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #bounds: FeedBounds;
  readonly #onSubscribed: (client: FeedClient, asked: Subscription) => void;
  #topics: ReadonlySet<Topic> = new Set();
  #heard = true;
  #isGathering = false;

  constructor(
    socket: WebSocket,
    connection: Socket,
    bounds: FeedBounds,
    onSubscribed: (client: FeedClient, asked: Subscription) => void,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#bounds = bounds;
    this.#onSubscribed = onSubscribed;
    socket.on('pong', () => {
      this.#heard = true;
    });
    socket.on('message', (data, isBinary) => {
      this.#heard = true;
      this.#receive(isBinary ? undefined : String(data));
    });
  }

  get topics(): ReadonlySet<Topic> {
    return this.#topics;
  }

  wants(topic: Topic): boolean {
    return this.#topics.has(topic);
  }

  /** False when the client was dropped because too much waits for it already. */
  send(frame: string | Buffer): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true;
    if (this.#socket.bufferedAmount > this.#bounds.maxWaitingBytes) {
      this.#drop('feed.too_slow', `More than ${this.#bounds.maxWaitingBytes} bytes were waiting.`);
      return false;
    }
    this.#gather();
    this.#socket.send(frame, { binary: false });
    return true;
  }

  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#connection.cork();
    setTimeout(() => {
      this.#isGathering = false;
      this.#connection.uncork();
    }, gatherMs);
  }

  /** Ends the connection unless the client was heard since the last call; then asks again. */
  checkAlive(): void {
    if (!this.#heard) {
      this.#drop('wire.stalled', 'The client did not answer.');
      return;
    }
    this.#heard = false;
    this.#socket.ping();
  }

  close(code: ErrorCode, detail: string): void {
    const { entry, line } = new VedetteError(code, detail);
    this.#socket.close(
      entry.close ?? 1011,
      Buffer.from(line).subarray(0, maxReason).toString().toWellFormed(),
    );
  }

  /** For a client that does not read: a close frame would wait behind what it does not take. */
  #drop(code: ErrorCode, detail: string): void {
    this.close(code, detail);
    setTimeout(() => this.#socket.terminate(), 1_000).unref();
  }

  #receive(text: string | undefined): void {
    const asked = readSubscription(text);
    if (typeof asked === 'string') {
      this.close('feed.message_invalid', asked);
      return;
    }
    this.#topics = new Set(asked.topics);
    this.#onSubscribed(this, asked);
  }
}
